# caddie_add_plugin(NAME SOURCE): adds the library NAME.so of one technique, which is used as NAME. Caddie's own build and
# the builds of others, by the package Caddie, call the same function. A line "// Links: zlib" in the source names the
# libraries that it needs besides, as pkg-config knows them. The library lies in the folder plugins of the build. Where
# the build has tests, one holds the plugin to the promises of its kind. Beside the library lies a note of its source, from
# which the program tells when that was changed or is gone.
function(caddie_add_plugin name source)
  get_filename_component(source ${source} ABSOLUTE)
  get_property(other GLOBAL PROPERTY CADDIE_PLUGIN_${name})
  if(other)
    message(FATAL_ERROR "two plugins are called '${name}': ${other} and ${source}; rename one of them")
  elseif(TARGET ${name})
    message(FATAL_ERROR "${source}: no plugin can be called '${name}', for a target of this build is; rename the file")
  endif()
  set_property(GLOBAL PROPERTY CADDIE_PLUGIN_${name} ${source})

  add_library(${name} MODULE ${source})
  # It is loaded by a program that has libcaddie.so already, and need not know where that lies.
  set_target_properties(${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SKIP_BUILD_RPATH ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins
    CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE Caddie::sdk Caddie::caddie)
  # A hook of the right name and another signature hides the one that is called.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>)
  target_link_options(${name} PRIVATE -Wl,--no-undefined -Wl,-Bsymbolic-functions)

  file(STRINGS ${source} links REGEX "^// Links: ")
  string(REGEX MATCHALL "[^ ;]+" libraries "${links}")
  list(REMOVE_ITEM libraries // Links:)
  if(libraries)
    find_package(PkgConfig REQUIRED)
  endif()
  foreach(library ${libraries})
    pkg_check_modules(${library} REQUIRED QUIET IMPORTED_TARGET ${library})
    target_link_libraries(${name} PRIVATE PkgConfig::${library})
  endforeach()

  if(TARGET Caddie::program)
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
      COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DLIBRARY=$<TARGET_FILE:${name}>
        "-DCOMMAND=cmake --build ${CMAKE_BINARY_DIR} --target ${name}" -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/note_plugin.cmake)
    add_test(NAME ${name} COMMAND Caddie::program plugin test ${name})
    set_tests_properties(${name} PROPERTIES ENVIRONMENT CADDIE_PLUGINS=${CMAKE_BINARY_DIR}/plugins)
  endif()
endfunction()

# caddie_remove_orphans(FOLDER LIBRARY...): removes the libraries below FOLDER that are none of these: those of sources
# that are gone, which the program would still find.
function(caddie_remove_orphans folder)
  file(GLOB built ${folder}/*/*.so)
  foreach(library ${built})
    if(NOT library IN_LIST ARGN)
      message(STATUS "Removing ${library}, which has no source any more")
      file(REMOVE ${library} ${library}.json)
    endif()
  endforeach()
endfunction()
