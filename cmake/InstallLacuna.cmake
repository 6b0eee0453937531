# What `cmake --install` puts where, in three components:
#   runtime   libraries and headers without LLVM, the CMake package, lacuna.pc,
#             and the licence
#   compiler  the lacuna program, lacuna-opt if it was built, the compiler's
#             libraries and headers; they need libMLIR and libLLVM 22
#   docs      README.md, docs/ and examples/, as their links expect them
#
#   cmake --install build --prefix P [--component runtime|compiler|docs]
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(LACUNA_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Lacuna)
set(LACUNA_RUNTIME_LIBRARIES
  LacunaTraining LacunaMethods LacunaNN LacunaData LacunaOperators LacunaBundle LacunaFormats LacunaKernel LacunaCore)

add_library(LacunaRuntime INTERFACE)
add_library(Lacuna::runtime ALIAS LacunaRuntime)
target_link_libraries(LacunaRuntime INTERFACE ${LACUNA_RUNTIME_LIBRARIES})
set_target_properties(LacunaRuntime PROPERTIES EXPORT_NAME runtime)

install(TARGETS LacunaRuntime ${LACUNA_RUNTIME_LIBRARIES}
  EXPORT LacunaRuntimeTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime)
install(EXPORT LacunaRuntimeTargets NAMESPACE Lacuna:: DESTINATION ${LACUNA_PACKAGE_DIR} COMPONENT runtime)
foreach(part Kernel Runtime Support)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lacuna/${part}
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lacuna COMPONENT runtime)
endforeach()

if(LACUNA_BUILD_COMPILER)
  add_library(LacunaWholeCompiler INTERFACE)
  add_library(Lacuna::compiler ALIAS LacunaWholeCompiler)
  target_link_libraries(LacunaWholeCompiler INTERFACE LacunaCompiler LacunaRuntime)
  set_target_properties(LacunaWholeCompiler PROPERTIES EXPORT_NAME compiler)
  install(TARGETS LacunaWholeCompiler LacunaCompiler LacunaPasses LacunaSchedule LacunaDialect LacunaMLIR
    EXPORT LacunaCompilerTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT compiler)
  install(TARGETS lacuna
    EXPORT LacunaCompilerTargets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT compiler)
  # `scripts/quickstart` builds lacuna alone. Not exported: a package must not
  # name what may be missing.
  install(TARGETS lacuna-opt
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT compiler OPTIONAL)
  install(EXPORT LacunaCompilerTargets NAMESPACE Lacuna:: DESTINATION ${LACUNA_PACKAGE_DIR} COMPONENT compiler)
  foreach(part Compiler Dialect Passes)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lacuna/${part}
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lacuna COMPONENT compiler)
  endforeach()
  foreach(part Dialect Passes)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/include/lacuna/${part}
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lacuna COMPONENT compiler
      FILES_MATCHING PATTERN "*.h.inc" PATTERN CMakeFiles EXCLUDE)
  endforeach()
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/LacunaConfig.cmake.in
  ${PROJECT_BINARY_DIR}/LacunaConfig.cmake INSTALL_DESTINATION ${LACUNA_PACKAGE_DIR}
  PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/LacunaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/LacunaConfig.cmake
  ${PROJECT_BINARY_DIR}/LacunaConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLibZip.cmake
  ${CMAKE_CURRENT_LIST_DIR}/LacunaKernels.cmake
  DESTINATION ${LACUNA_PACKAGE_DIR} COMPONENT runtime)

# pkg-config: everything is static, so private libraries are listed too.
set(LACUNA_PC_LIBS "")
foreach(library IN LISTS LACUNA_RUNTIME_LIBRARIES)
  string(APPEND LACUNA_PC_LIBS " -l${library}")
endforeach()
string(APPEND LACUNA_PC_LIBS "$<$<BOOL:${LACUNA_WITH_CODECS}>: -lyaml-cpp -lzip -ljpeg -lpng -lz> -ldl -lpthread -lstdc++ -lm")
file(RELATIVE_PATH LACUNA_PC_INCLUDE /${CMAKE_INSTALL_LIBDIR}/pkgconfig /${CMAKE_INSTALL_INCLUDEDIR})
file(CONFIGURE OUTPUT lacuna.pc.in @ONLY CONTENT "libdir=\${pcfiledir}/..
includedir=\${pcfiledir}/@LACUNA_PC_INCLUDE@

Name: lacuna
Description: Sparse training runtime, without the compiler
Version: @PROJECT_VERSION@
Cflags: -I\${includedir}
Libs: -L\${libdir}@LACUNA_PC_LIBS@
")
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/lacuna.pc INPUT ${PROJECT_BINARY_DIR}/lacuna.pc.in)
install(FILES ${PROJECT_BINARY_DIR}/lacuna.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT runtime)

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs ${PROJECT_SOURCE_DIR}/examples
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs
  PATTERN docs/CMakeLists.txt EXCLUDE)
