# What the cuda preset adds: nvcc as a second compiler of the same sources, and later, in module.cmake, the library that
# holds cuBLAS and NCCL. All parts share one CUDA runtime library: its record of the last error is its own.
if(CADDIE_SANITIZE)
  message(FATAL_ERROR "CADDIE_CUDA and CADDIE_SANITIZE exclude each other: use the cuda preset or the dev preset")
endif()

set(CMAKE_CUDA_ARCHITECTURES "80-real;90" CACHE STRING "GPUs that kernels are compiled for: A100 and H100, and PTX for later ones")
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  message(FATAL_ERROR "CADDIE_CUDA is ON but there is no nvcc: put nvcc of the CUDA Toolkit (12 or later) on PATH or name it "
    "with -DCMAKE_CUDA_COMPILER=/usr/local/cuda/bin/nvcc; without the toolkit use the release preset")
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "${CMAKE_CUDA_COMPILER} is version ${CMAKE_CUDA_COMPILER_VERSION}: C++20 needs the CUDA Toolkit 12 or later")
endif()
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 knows nvcc's dialects only up to C++17
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)

find_package(CUDAToolkit 12 REQUIRED)
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} $ENV{NCCL_HOME}/include)
find_library(NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR} $ENV{NCCL_HOME}/lib)
# CMake counts the toolkit's folder among the system's and writes no path to it; the loader may not know it.
list(APPEND CMAKE_BUILD_RPATH ${CUDAToolkit_LIBRARY_DIR})
list(APPEND CMAKE_INSTALL_RPATH ${CUDAToolkit_LIBRARY_DIR})

# The host half gets what g++ gets, so that the CPU computes the same bits in every build. No fused multiply-add on the
# device either. The ptxas warnings keep spills, local memory and doubles out of kernels.
target_compile_definitions(caddie_flags INTERFACE CADDIE_CUDA)
target_compile_options(caddie_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-march=${CADDIE_ARCH},-fopenmp-simd,-ffp-contract=off,-fno-math-errno,-fno-trapping-math>"
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-restrict>"
  "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xptxas=-warn-spills,-warn-lmem-usage,-warn-double-usage>")
if(CADDIE_WERROR)
  target_compile_options(caddie_flags INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Werror;-Werror=all-warnings>")
endif()
