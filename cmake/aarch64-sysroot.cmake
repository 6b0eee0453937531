# Cross-compiles all of Lacuna, the compiler included, for 64-bit ARM with clang
# and the libraries that scripts/arm-sysroot unpacks.
#   cmake --preset arm
# cmake/aarch64-linux-gnu.cmake needs no such libraries, and builds the runtime.
set(LACUNA_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build-arm/sysroot CACHE PATH "What scripts/arm-sysroot wrote")
get_filename_component(CMAKE_SYSROOT ${LACUNA_SYSROOT} ABSOLUTE)
if(NOT EXISTS ${CMAKE_SYSROOT}/.complete)
  message(FATAL_ERROR "No ARM libraries in ${CMAKE_SYSROOT}: run scripts/arm-sysroot, or set -DLACUNA_SYSROOT")
endif()
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LACUNA_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER clang-22)
set(CMAKE_CXX_COMPILER clang++-22)
set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_EXE_LINKER_FLAGS_INIT -fuse-ld=lld)
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64;-L;${CMAKE_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
