# What others build plugins with: a note of the compiler and its options beside the library, which `caddie plugin build`
# reads, and what `cmake --install` puts elsewhere, with a CMake package.
string(TOUPPER ${CMAKE_BUILD_TYPE} type)
separate_arguments(options UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
set(definitions CADDIE_SDK_HASH=${CADDIE_SDK_HASH})
if(CADDIE_CHECKED)
  list(APPEND definitions _GLIBCXX_ASSERTIONS)
endif()
if(CADDIE_CUDA)
  list(APPEND definitions CADDIE_CUDA)
endif()
list(APPEND options ${CADDIE_OPTIONS} ${CADDIE_SANITIZE_OPTIONS})
if(type STREQUAL DEBUG)
  list(APPEND options -O1)
endif()

# caddie_json_list(OUT ITEM...): the items as a list in JSON.
function(caddie_json_list out)
  set(items "")
  foreach(item ${ARGN})
    string(REPLACE "\\" "\\\\" item "${item}")
    string(REPLACE "\"" "\\\"" item "${item}")
    list(APPEND items "\"${item}\"")
  endforeach()
  string(REPLACE ";" ", " items "${items}")
  set(${out} "[${items}]" PARENT_SCOPE)
endfunction()

set(own -std=c++20 -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -Woverloaded-virtual)
list(TRANSFORM definitions PREPEND -D OUTPUT_VARIABLE defines)
caddie_json_list(compile ${options} ${own} ${defines})
set(sanitizer "")
if(CADDIE_SANITIZE)
  set(sanitizer -fsanitize=${CADDIE_SANITIZE})
endif()
caddie_json_list(link -shared ${sanitizer} -Wl,--no-undefined -Wl,-Bsymbolic-functions)
# Sources with kernels go to nvcc, as caddie_choose_compiler() says.
set(kernels null)
if(CADDIE_CUDA)
  set(codes "")
  foreach(architecture ${CMAKE_CUDA_ARCHITECTURES})
    string(REGEX REPLACE "-.*" "" number ${architecture})
    set(code sm_${number})
    if(NOT architecture MATCHES "-real")
      set(code [compute_${number},sm_${number}])
    endif()
    list(APPEND codes --generate-code=arch=compute_${number},code=${code})
  endforeach()
  separate_arguments(cuda_options UNIX_COMMAND "${CMAKE_CUDA_FLAGS} ${CMAKE_CUDA_FLAGS_${type}}")
  list(JOIN CADDIE_OPTIONS "," host_options)
  caddie_json_list(cuda_compile ${cuda_options} ${codes} -std=c++20 -x cu --fmad=false
    -Xcompiler=-fPIC,-fvisibility=hidden,${host_options} ${defines})
  caddie_json_list(cuda_link -L${CUDAToolkit_LIBRARY_DIR} -lcudart)
  string(REPLACE "\\" "\\\\" pattern "${KERNELS}")
  set(kernels "{\"pattern\": \"${pattern}\", \"compiler\": \"${CMAKE_CUDA_COMPILER}\", \"compile\": ${cuda_compile},
    \"link\": ${cuda_link}}")
endif()

# caddie_write_toolchain(FILE INCLUDE TEMPLATES RULES SOURCES): paths are absolute, or relative to the folder of the library.
function(caddie_write_toolchain file include templates rules sources)
  file(CONFIGURE OUTPUT ${file} CONTENT [[{
  "sdk": "@CADDIE_SDK_HASH@",
  "compiler": "@CMAKE_CXX_COMPILER@",
  "compile": @compile@,
  "link": @link@,
  "kernels": @kernels@,
  "include": "@include@",
  "templates": "@templates@",
  "rules": "@rules@",
  "sources": "@sources@"
}
]] @ONLY)
endfunction()
caddie_write_toolchain(${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/caddie.toolchain.json ${PROJECT_SOURCE_DIR}/core/sdk
  ${PROJECT_SOURCE_DIR}/core/sdk/templates ${PROJECT_SOURCE_DIR}/experiments/rules ${PROJECT_SOURCE_DIR}/plugins)
caddie_write_toolchain(${CMAKE_BINARY_DIR}/install/caddie.toolchain.json ../include ../share/caddie/templates
  ../share/caddie/rules "")

# The program finds its library, and its plugins, from where it lies itself.
set_target_properties(caddie-cli PROPERTIES INSTALL_RPATH "$ORIGIN/../lib;${CMAKE_INSTALL_RPATH}")
install(TARGETS caddie caddie-cli RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
if(CADDIE_CUDA)
  install(TARGETS caddie_cuda LIBRARY DESTINATION lib)
endif()
install(FILES ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/caddie.source.json ${CMAKE_BINARY_DIR}/install/caddie.toolchain.json
  DESTINATION lib)
install(DIRECTORY core/sdk/caddie DESTINATION include FILES_MATCHING PATTERN "*.h")
install(DIRECTORY core/sdk/templates experiments/rules DESTINATION share/caddie)

# The package, for find_package(Caddie).
include(CMakePackageConfigHelpers)
set(PACKAGE ${CMAKE_BINARY_DIR}/install/CaddieConfig.cmake)
configure_file(core/plugin/CaddieConfig.cmake.in ${PACKAGE} @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/install/CaddieConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES ${PACKAGE} ${CMAKE_BINARY_DIR}/install/CaddieConfigVersion.cmake core/plugin/caddie_add_plugin.cmake
  core/plugin/note_plugin.cmake DESTINATION lib/cmake/Caddie)
