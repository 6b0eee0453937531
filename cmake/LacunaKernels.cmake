# lacuna_add_kernels(NAME
#   (DESCRIPTOR file... | MODEL name [SCHEME s] [SPARSITY x] [INPUT c,h,w] [CLASSES n])
#   [TARGET triple] [CPU cpu])
#
# Compiles kernels while the project builds, and defines the library NAME to
# link: it brings the kernels and the header "NAME.h", which declares
# NAME_bundle for lacuna::linkedBundle(). Without TARGET, the kernels are for
# what the project is compiled for: CMAKE_LIBRARY_ARCHITECTURE when
# cross-compiling, else this machine.
#
# The program that compiles is `lacuna` on this machine: beside this package, in
# the PATH, or where LACUNA_PROGRAM says.
if(NOT LACUNA_PROGRAM)
  find_program(LACUNA_PROGRAM lacuna HINTS ${LACUNA_PROGRAM_FOLDER} NO_CMAKE_FIND_ROOT_PATH)
endif()

function(lacuna_require_program where)
  if(NOT LACUNA_PROGRAM)
    message(FATAL_ERROR "${where}: the lacuna program is not found; set -DLACUNA_PROGRAM=<path>")
  endif()
endfunction()

# Sets `variable`, if neither it nor a CPU is given, to what is compiled for.
function(lacuna_default_target where variable cpu)
  if(${variable} OR cpu OR NOT CMAKE_CROSSCOMPILING)
    return()
  endif()
  if(NOT CMAKE_LIBRARY_ARCHITECTURE)
    message(FATAL_ERROR "${where}: cross-compiling, and no TARGET says for what")
  endif()
  set(${variable} ${CMAKE_LIBRARY_ARCHITECTURE} PARENT_SCOPE)
endfunction()

# The library NAME of what the target NAME-KIND generates in FOLDER: a header and
# ARCHIVE, which may need further libraries.
function(lacuna_define_library name kind folder archive)
  add_custom_target(${name}-${kind} DEPENDS ${archive})
  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}-${kind})
  target_include_directories(${name} INTERFACE ${folder})
  target_link_libraries(${name} INTERFACE ${archive} ${ARGN})
endfunction()

function(lacuna_add_kernels name)
  cmake_parse_arguments(PARSE_ARGV 1 kernels "" "MODEL;SCHEME;SPARSITY;INPUT;CLASSES;TARGET;CPU" "DESCRIPTOR")
  if(kernels_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "lacuna_add_kernels(${name}): unknown arguments ${kernels_UNPARSED_ARGUMENTS}")
  endif()
  lacuna_require_program("lacuna_add_kernels(${name})")
  lacuna_default_target("lacuna_add_kernels(${name})" kernels_TARGET "${kernels_CPU}")

  set(flags --name ${name})
  set(sources "")
  foreach(descriptor IN LISTS kernels_DESCRIPTOR)
    get_filename_component(path ${descriptor} ABSOLUTE)
    list(APPEND flags --descriptor ${path})
    list(APPEND sources ${path})
  endforeach()
  foreach(option MODEL SCHEME SPARSITY INPUT CLASSES TARGET CPU)
    if(NOT "${kernels_${option}}" STREQUAL "")
      string(TOLOWER --${option} flag)
      list(APPEND flags ${flag} ${kernels_${option}})
    endif()
  endforeach()

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}-kernels)
  set(archive ${folder}/lib${name}.a)
  add_custom_command(
    OUTPUT ${archive} ${folder}/${name}.h ${folder}/manifest.json
    COMMAND ${LACUNA_PROGRAM} compile ${flags} --emit=archive,shared -o ${folder}
    DEPENDS ${sources} ${LACUNA_PROGRAM}
    COMMENT "Lacuna kernels ${name}"
    VERBATIM)
  lacuna_define_library(${name} kernels ${folder} ${archive} Lacuna::runtime)
  set_target_properties(${name} PROPERTIES LACUNA_BUNDLE ${folder})
endfunction()

# lacuna_add_network(NAME CHECKPOINT file [BATCH n] [TARGET triple] [CPU cpu])
#
# Freezes a trained network while the project builds, and defines the library
# NAME to link: it brings "NAME.h", which declares NAME_run(), and the function,
# which needs no other library. TARGET and CPU are as above.
function(lacuna_add_network name)
  cmake_parse_arguments(PARSE_ARGV 1 network "" "CHECKPOINT;BATCH;TARGET;CPU" "")
  if(network_UNPARSED_ARGUMENTS OR NOT network_CHECKPOINT)
    message(FATAL_ERROR "lacuna_add_network(${name}): give a CHECKPOINT, and nothing else than BATCH, TARGET and CPU; unknown: ${network_UNPARSED_ARGUMENTS}")
  endif()
  lacuna_require_program("lacuna_add_network(${name})")
  lacuna_default_target("lacuna_add_network(${name})" network_TARGET "${network_CPU}")
  get_filename_component(checkpoint ${network_CHECKPOINT} ABSOLUTE)
  set(flags --name ${name})
  foreach(option BATCH TARGET CPU)
    if(NOT "${network_${option}}" STREQUAL "")
      string(TOLOWER --${option} flag)
      list(APPEND flags ${flag} ${network_${option}})
    endif()
  endforeach()

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}-network)
  set(archive ${folder}/lib${name}.a)
  add_custom_command(
    OUTPUT ${archive} ${folder}/${name}.h
    COMMAND ${LACUNA_PROGRAM} freeze ${checkpoint} ${flags} --emit=archive -o ${folder}
    DEPENDS ${checkpoint} ${LACUNA_PROGRAM}
    COMMENT "Lacuna network ${name}"
    VERBATIM)
  lacuna_define_library(${name} network ${folder} ${archive})
endfunction()
