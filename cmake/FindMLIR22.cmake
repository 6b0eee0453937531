# Finds the packaged LLVM/MLIR 22, refuses any other, and defines
#   LacunaMLIR         what every MLIR library of ours links and includes
#   LacunaMLIRHeaders  the precompiled headers that they share
#
# libMLIR.so and libLLVM.so are linked as shared libraries and nothing static is
# mixed in: two copies of MLIR in a process break it in silence.
find_package(MLIR 22.1 CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR
    "Lacuna needs LLVM/MLIR 22. On Debian 12: apt-get install llvm-22-dev libmlir-22-dev mlir-22-tools, "
    "or set -DMLIR_DIR=<prefix>/lib/cmake/mlir. To build the runtime alone: -DLACUNA_BUILD_COMPILER=OFF.")
endif()
message(STATUS "MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
if(CMAKE_CROSSCOMPILING)
  # Headers and mlir-tblgen are those of the machine that builds; the libraries,
  # and the headers that say what LLVM was built for, those of the other one.
  set(LACUNA_MLIR_LIBRARIES
    ${CMAKE_SYSROOT}/usr/lib/llvm-22/lib/libMLIR.so.22.1
    ${CMAKE_SYSROOT}/usr/lib/${CMAKE_CXX_COMPILER_TARGET}/libLLVM.so.22.1)
  foreach(library IN LISTS LACUNA_MLIR_LIBRARIES)
    if(NOT CMAKE_SYSROOT OR NOT EXISTS ${library})
      message(FATAL_ERROR
        "Cross-compiling the compiler needs the other machine's LLVM and MLIR, for ARM by scripts/arm-sysroot and "
        "cmake/aarch64-sysroot.cmake. To build the runtime alone: -DLACUNA_BUILD_COMPILER=OFF.")
    endif()
  endforeach()
  include_directories(SYSTEM ${CMAKE_SYSROOT}/usr/include/llvm-22)
else()
  set(LACUNA_MLIR_LIBRARIES MLIR LLVM)
endif()
# mlir-tblgen finds includes through the directory property.
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})

add_library(LacunaMLIR INTERFACE)
separate_arguments(LACUNA_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_options(LacunaMLIR INTERFACE ${LACUNA_LLVM_DEFINITIONS})
target_include_directories(LacunaMLIR INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
# Generated headers are not held to our warnings.
target_include_directories(LacunaMLIR SYSTEM INTERFACE $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
# Installed, it goes by the MLIR that LacunaConfig.cmake finds.
target_link_libraries(LacunaMLIR INTERFACE
  "$<BUILD_INTERFACE:${LACUNA_MLIR_LIBRARIES}>" "$<INSTALL_INTERFACE:MLIR;LLVM>")
set(CMAKE_BUILD_RPATH "${LLVM_LIBRARY_DIR}")
set(CMAKE_INSTALL_RPATH "${LLVM_LIBRARY_DIR}")

# Parsing MLIR's headers is nearly all of what compiling a pass costs.
file(WRITE ${PROJECT_BINARY_DIR}/LacunaMLIRHeaders.cpp "")
add_library(LacunaMLIRHeaders OBJECT ${PROJECT_BINARY_DIR}/LacunaMLIRHeaders.cpp)
target_link_libraries(LacunaMLIRHeaders PUBLIC LacunaMLIR)
target_precompile_headers(LacunaMLIRHeaders PRIVATE
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/LLVMIR/LLVMDialect.h>
  <mlir/Dialect/Math/IR/Math.h>
  <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/IR/Builders.h>
  <mlir/IR/DialectImplementation.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Pass/Pass.h>
  <mlir/Pass/PassManager.h>
)
