// SPDX-License-Identifier: Apache-2.0
// The part of CUDA that lives in libcaddie: the device and the stream that every kernel uses, in whichever
// library it is, and what failed calls become.
#pragma once

#include <caddie/error.h>
#include <cuda_runtime.h>

#include <string>

namespace caddie {

/// Throws Error naming `what` and CUDA's own words unless `status` is cudaSuccess.
CADDIE_API void check_cuda(cudaError_t status, const char* what);

/// Why CUDA cannot be used on this machine; empty when a GPU is visible.
CADDIE_API std::string cuda_obstacle();

/// Makes `device` the one of this process and creates its stream. Once, before any kernel runs.
CADDIE_API void open_cuda_stream(int device);

/// The one stream of the process: work of all threads runs on it in the order of the calls. Makes its device
/// current on the calling thread.
CADDIE_API cudaStream_t cuda_stream();

}  // namespace caddie
