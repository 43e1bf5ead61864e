// SPDX-License-Identifier: Apache-2.0
// Declares the part of CUDA that lives in libcaddie: the device and the stream that every kernel uses, in
// whichever library it is, and what failed calls become.
#pragma once

#include <caddie/error.h>
#include <cuda_runtime.h>

#include <string>

namespace caddie {

/// Throws Error naming `what` and CUDA's own words unless `status` is cudaSuccess.
CADDIE_API void check_cuda(cudaError_t status, const char* what);

/// Returns why CUDA cannot be used on this machine; empty when a GPU is visible.
CADDIE_API std::string cuda_obstacle();

/// Makes `device` the one of this process and creates its stream. It must be called once, before any kernel
/// runs; throws Error the second time.
CADDIE_API void open_cuda_stream(int device);

/// Returns the one stream of the process, on which the work of all threads runs in the order of the calls.
/// Makes its device current on the calling thread. Throws Error when no device is open.
CADDIE_API cudaStream_t cuda_stream();

}  // namespace caddie
