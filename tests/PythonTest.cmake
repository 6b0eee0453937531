# Tests written in Python drive the lacuna tool from outside.

# The distribution's interpreter comes first: it is the one for which numpy and
# torch are packaged.
find_program(LACUNA_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(LACUNA_PYTHON python3 REQUIRED)

set(LACUNA_PYTHON_TEST_SUPPORT ${CMAKE_CURRENT_LIST_DIR}/support)

# lacuna_add_python_test(NAME FILE LABEL [ARGUMENTS...]): exit code 77 means
# skipped.
function(lacuna_add_python_test name file label)
  add_test(NAME ${name} COMMAND ${LACUNA_PYTHON} ${file} ${ARGN})
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "LACUNA=$<TARGET_FILE:lacuna>;PYTHONPATH=${LACUNA_PYTHON_TEST_SUPPORT};PYTHONDONTWRITEBYTECODE=1"
    LABELS "${label}"
    SKIP_RETURN_CODE 77
    TIMEOUT 600
  )
endfunction()
