# Compiles the Halide pipelines ahead of time, one object file for each
# pipeline and number of lanes. libHalide is used while building only.

set(LACUNA_HALIDE_GENERATOR "" CACHE FILEPATH
  "Generator program built for the machine that builds; needed when cross-compiling")

# Floating point stays strict: results are those of the source, on every target.
set(LACUNA_HALIDE_FEATURES strict_float-no_asserts-no_bounds_query-no_runtime)
set(LACUNA_HALIDE_BASE_x86 x86-64-linux)
set(LACUNA_HALIDE_BASE_arm arm-64-linux)
set(LACUNA_HALIDE_x86_16 x86-64-linux-sse41-avx-avx2-f16c-fma-avx512-avx512_skylake)
set(LACUNA_HALIDE_x86_8 x86-64-linux-sse41-avx-avx2-f16c-fma)
# Pairs of NEON registers, beside kernels that use SVE: Halide 14 has no SVE of a
# fixed length.
set(LACUNA_HALIDE_arm_8 arm-64-linux)
set(LACUNA_HALIDE_arm_4 arm-64-linux)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(LACUNA_HALIDE_LANES 16 8)
  set(LACUNA_HALIDE_FAMILY x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(LACUNA_HALIDE_LANES 8 4)
  set(LACUNA_HALIDE_FAMILY arm)
else()
  message(FATAL_ERROR "Lacuna has no operators for ${CMAKE_SYSTEM_PROCESSOR}: x86_64 and aarch64 are supported")
endif()

# lacuna_halide_generator(TARGET SOURCES...): the program that compiles.
function(lacuna_halide_generator target)
  if(LACUNA_HALIDE_GENERATOR)
    add_executable(${target} IMPORTED)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${LACUNA_HALIDE_GENERATOR})
    return()
  endif()
  if(CMAKE_CROSSCOMPILING)
    message(FATAL_ERROR
      "Cross-compiling: build the target ${target} for this machine first, then set -DLACUNA_HALIDE_GENERATOR=<its path>")
  endif()
  find_path(LACUNA_HALIDE_INCLUDE Halide.h PATH_SUFFIXES halide14)
  find_library(LACUNA_HALIDE_LIBRARY NAMES Halide14 Halide)
  if(NOT LACUNA_HALIDE_INCLUDE OR NOT LACUNA_HALIDE_LIBRARY)
    message(FATAL_ERROR "Lacuna needs Halide 14 to build. On Debian 12: apt-get install libhalide14-0-dev")
  endif()
  add_executable(${target} ${ARGN})
  target_include_directories(${target} SYSTEM PRIVATE ${LACUNA_HALIDE_INCLUDE})
  target_link_libraries(${target} PRIVATE ${LACUNA_HALIDE_LIBRARY})
  # Debian's libHalide has no run-time type information. The program runs some
  # forty times in a build: optimising it costs more than it saves.
  target_compile_options(${target} PRIVATE -fno-rtti -O1)
endfunction()

# lacuna_halide_pipeline(NAME GENERATOR [PARAMETERS...]): adds NAME for every
# number of lanes.
function(lacuna_halide_pipeline name generator)
  foreach(lanes IN LISTS LACUNA_HALIDE_LANES)
    set(function lacuna_${name}_v${lanes})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/pipelines/${function}.o)
    set(header ${CMAKE_CURRENT_BINARY_DIR}/pipelines/${function}.h)
    add_custom_command(
      OUTPUT ${object} ${header}
      COMMAND lacuna-halide-generator -g ${generator} -f ${function} -e object,h
              -o ${CMAKE_CURRENT_BINARY_DIR}/pipelines lanes=${lanes} ${ARGN}
              target=${LACUNA_HALIDE_${LACUNA_HALIDE_FAMILY}_${lanes}}-${LACUNA_HALIDE_FEATURES}
      DEPENDS lacuna-halide-generator
      COMMENT "Halide ${function}"
      VERBATIM)
    set_property(GLOBAL APPEND PROPERTY LACUNA_PIPELINE_OBJECTS ${object})
    set_property(GLOBAL APPEND PROPERTY LACUNA_PIPELINE_HEADERS ${header})
    set_property(GLOBAL APPEND_STRING PROPERTY LACUNA_PIPELINE_INCLUDES_${lanes} "#include \"${function}.h\"\n")
  endforeach()
endfunction()

# lacuna_halide_runtime(): the part of Halide that pipelines call.
function(lacuna_halide_runtime)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/pipelines/lacuna_halide_runtime.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND lacuna-halide-generator -r lacuna_halide_runtime -e object
            -o ${CMAKE_CURRENT_BINARY_DIR}/pipelines target=${LACUNA_HALIDE_BASE_${LACUNA_HALIDE_FAMILY}}
    DEPENDS lacuna-halide-generator
    COMMENT "Halide runtime"
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY LACUNA_PIPELINE_OBJECTS ${object})
endfunction()
