// SPDX-License-Identifier: Apache-2.0
// Holds the one device and stream of the process, which live in libcaddie so that all libraries share them.
#include "device/cuda/stream.h"

namespace caddie {

// kernel_cuda.h declares these too, but only nvcc can read it.
CADDIE_API void* current_cuda_stream();
CADDIE_API void check_cuda_launch();

namespace {

/// Holds the device that is open, -1 before that, and its stream.
struct Opened {
  int device = -1;
  cudaStream_t stream = nullptr;
};

Opened& opened() {
  static Opened one;
  return one;
}

}  // namespace

void check_cuda(cudaError_t status, const char* what) {
  check(status == cudaSuccess, "cuda: {} failed: {} ({})", what, cudaGetErrorString(status),
        cudaGetErrorName(status));
}

std::string cuda_obstacle() {
  int driver = 0, count = 0;  // A failed call leaves them as they are.
  cudaError_t status = cudaDriverGetVersion(&driver);
  if (status == cudaSuccess && driver == 0) return "there is no NVIDIA driver on this machine";
  if (status == cudaSuccess) status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess)
    return message("no usable NVIDIA driver or GPU: {} (CUDA error {})",
                   {cudaGetErrorString(status), int(status)});
  return count == 0 ? "no GPU is visible" : "";
}

void open_cuda_stream(int device) {
  check(opened().device < 0, "cuda: device {} is already open", opened().device);
  check_cuda(cudaSetDevice(device), "choosing the device");
  check_cuda(cudaStreamCreateWithFlags(&opened().stream, cudaStreamNonBlocking), "creating the stream");
  opened().device = device;
}

cudaStream_t cuda_stream() {
  thread_local bool bound = false;  // CUDA's current device belongs to a thread, and is 0 in a new one.
  if (!bound) {
    check(opened().device >= 0, "cuda: no device is open yet");
    check_cuda(cudaSetDevice(opened().device), "choosing the device");
    bound = true;
  }
  return opened().stream;
}

void* current_cuda_stream() { return cuda_stream(); }

void check_cuda_launch() { check_cuda(cudaGetLastError(), "starting a kernel"); }

}  // namespace caddie
