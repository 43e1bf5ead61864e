// SPDX-License-Identifier: Apache-2.0
// Implements the CUDA backend: memory, copies and products on the one stream of the process. It holds the
// function by which libcaddie opens caddie_cuda.so.
#include <caddie/kernel.h>

#include <mutex>

#include "base/out_of_memory.h"
#include "device/cuda/attention.h"
#include "device/cuda/blas.h"
#include "device/cuda/stream.h"
#include "device/device.h"

namespace caddie {
namespace {

// Sets c[i,j] = c[j,i] for j < i, in a square matrix.
struct CopyUpperToLower {
  float* c;
  int64_t m, stride;
  CADDIE_FN void operator()(int64_t at) const {
    int64_t i = at / m, j = at % m;
    if (j < i) c[i * stride + j] = c[j * stride + i];
  }
};

class CudaBackend final : public Backend {
 public:
  void* allocate(size_t bytes) override {
    cuda_stream();
    void* memory = nullptr;
    cudaError_t status = cudaMalloc(&memory, bytes ? bytes : 1);
    if (status == cudaErrorMemoryAllocation) {
      cudaGetLastError();  // The next kernel must not be blamed for a failed allocation.
      size_t free = 0, total = 0;
      check_cuda(cudaMemGetInfo(&free, &total), "asking for free memory");
      throw OutOfMemory(message("out of memory on the CUDA device: {} bytes asked for, {} of {} are free",
                                {bytes, free, total}));
    }
    check_cuda(status, "allocating memory");
    return memory;
  }
  // Errors are not reported, because this runs in destructors. cudaFree waits for the work that uses the
  // memory.
  void release(void* memory, size_t) override { cudaFree(memory); }

  void zero(void* memory, size_t bytes) override {
    if (bytes) check_cuda(cudaMemsetAsync(memory, 0, bytes, cuda_stream()), "filling with zeros");
  }
  // Host memory may change as soon as a copy returns, so copies to and from it wait.
  void copy_in(void* device, const void* host, size_t bytes) override {
    copy(device, host, bytes, cudaMemcpyHostToDevice);
    wait();
  }
  void copy_out(void* host, const void* device, size_t bytes) override {
    copy(host, device, bytes, cudaMemcpyDeviceToHost);
    wait();
  }
  void copy_within(void* to, const void* from, size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyDeviceToDevice);
  }

  void gemm(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
            int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) override {
    std::lock_guard lock(mutex_);
    blas_.multiply(ta, tb, m, n, k, alpha, {a, lda, 0}, {b, ldb, 0}, beta, c, ldc, 0, 1);
  }
  void syrk(int64_t m, int64_t k, float alpha, const float* a, int64_t lda, float beta, float* c,
            int64_t ldc) override {
    std::lock_guard lock(mutex_);
    blas_.multiply(Transpose::kNo, Transpose::kYes, m, m, k, alpha, {a, lda, 0}, {a, lda, 0}, beta, c, ldc, 0,
                   1);
    for_each(Device::kCuda, m * m, CopyUpperToLower{c, m, ldc});
  }
  void attention_forward(const AttentionShape& shape, float scale, const float* q, const float* k,
                         const float* v, float* y, float* log_sum) override {
    std::lock_guard lock(mutex_);
    cuda_attention_forward(blas_, scratch_, shape, scale, q, k, v, y, log_sum);
  }
  void attention_backward(const AttentionShape& shape, float scale, const float* q, const float* k,
                          const float* v, const float*, const float* log_sum, const float* dy, float* dq,
                          float* dk, float* dv) override {
    std::lock_guard lock(mutex_);
    cuda_attention_backward(blas_, scratch_, shape, scale, q, k, v, log_sum, dy, dq, dk, dv);
  }

 private:
  static void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes) check_cuda(cudaMemcpyAsync(to, from, bytes, kind, cuda_stream()), "copying");
  }
  static void wait() { check_cuda(cudaStreamSynchronize(cuda_stream()), "an operation on the device"); }

  std::mutex mutex_;  // It keeps threads apart that use blas_ or scratch_.
  Blas blas_;
  CudaScratch scratch_;
};

/// Returns the number of the GPU that this process uses, of the `count` visible ones.
int device_of(int local_rank, int count) {
  if (local_rank < count) return local_rank;
  check(count == 1,
        "local rank {} has no GPU of its own: {} are visible; start at most {} processes on this machine",
        local_rank, count, count);
  return 0;
}

}  // namespace
}  // namespace caddie

/// Returns the one CUDA backend, or null with the reason in `why`. Throws Error when a device is there and
/// fails.
extern "C" CADDIE_API caddie::Backend* caddie_open_cuda(std::string* why) {
  using namespace caddie;
  *why = cuda_obstacle();
  if (!why->empty()) return nullptr;
  int count = 0, major = 0;
  check_cuda(cudaGetDeviceCount(&count), "counting GPUs");
  int device = device_of(local_rank(), count);
  check_cuda(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
             "asking for the GPU's age");
  if (major < 8) {
    *why =
        message("GPU {} has compute capability {}; kernels are compiled for 8.0 and later", {device, major});
    return nullptr;
  }
  open_cuda_stream(device);
  return new CudaBackend;  // It is never deleted: at exit CUDA may be gone before the last tensor.
}
