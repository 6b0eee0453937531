# Fails when a program that links the whole runtime needs a shared library of
# LLVM, MLIR or Halide.
execute_process(COMMAND ldd ${PROGRAM}
  OUTPUT_VARIABLE libraries RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "ldd ${PROGRAM} failed: ${status}")
endif()
if(NOT libraries MATCHES "libstdc\\+\\+")
  message(FATAL_ERROR "ldd ${PROGRAM} names no libstdc++, so this test sees nothing:\n${libraries}")
endif()
if(libraries MATCHES "(LLVM|MLIR|Halide)")
  message(FATAL_ERROR "${PROGRAM} links ${CMAKE_MATCH_1}:\n${libraries}")
endif()
