# Finds libzip and defines libzip::zip, as libzip's own package would: Debian's
# names programs that it does not bring. Installed as well, for LacunaConfig.cmake.
find_library(LibZip_LIBRARY zip)
find_path(LibZip_INCLUDE_DIR zip.h)
mark_as_advanced(LibZip_LIBRARY LibZip_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibZip REQUIRED_VARS LibZip_LIBRARY LibZip_INCLUDE_DIR)

if(LibZip_FOUND AND NOT TARGET libzip::zip)
  add_library(libzip::zip UNKNOWN IMPORTED)
  set_target_properties(libzip::zip PROPERTIES
    IMPORTED_LOCATION ${LibZip_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LibZip_INCLUDE_DIR})
endif()
