// SPDX-License-Identifier: Apache-2.0
// Calls cuBLAS with the factors swapped, because it expects matrices in column-major order.
#include "device/cuda/blas.h"

#include <algorithm>

namespace caddie {
namespace {

// NVIDIA recommends this much for Hopper, and 4 MiB for other GPUs.
constexpr size_t kWorkspaceBytes = size_t(32) << 20;

cublasOperation_t operation(Transpose transpose) {
  return transpose == Transpose::kYes ? CUBLAS_OP_T : CUBLAS_OP_N;
}

}  // namespace

void check_blas(cublasStatus_t status, const char* what) {
  check(status == CUBLAS_STATUS_SUCCESS, "cuda: {} failed: {}", what, cublasGetStatusString(status));
}

float* CudaScratch::reserve(int64_t floats) {
  if (floats > floats_) {
    check_cuda(cudaStreamSynchronize(cuda_stream()), "an earlier operation");
    check_cuda(cudaFree(data_), "releasing scratch memory");
    data_ = nullptr;
    floats_ = 0;
    check_cuda(cudaMalloc(reinterpret_cast<void**>(&data_), size_t(floats) * sizeof(float)),
               "allocating scratch memory");
    floats_ = floats;
  }
  return data_;
}

Blas::Blas() {
  cudaStream_t stream = cuda_stream();
  void* workspace = nullptr;
  check_cuda(cudaMalloc(&workspace, kWorkspaceBytes), "allocating the workspace of cuBLAS");
  check_blas(cublasCreate(&handle_), "opening cuBLAS");
  // The stream comes first, because setting it resets the workspace.
  check_blas(cublasSetStream(handle_, stream), "giving cuBLAS its stream");
  check_blas(cublasSetWorkspace(handle_, workspace, kWorkspaceBytes), "giving cuBLAS its workspace");
  check_blas(cublasSetMathMode(handle_, CUBLAS_PEDANTIC_MATH), "asking cuBLAS for float32 arithmetic");
  check_blas(cublasSetAtomicsMode(handle_, CUBLAS_ATOMICS_NOT_ALLOWED), "forbidding cuBLAS atomics");
}

void Blas::multiply(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, Matrices a,
                    Matrices b, float beta, float* c, int64_t c_stride, int64_t c_step, int64_t count) {
  if (m == 0 || n == 0 || count == 0) return;
  // cuBLAS reads a row-major matrix as its transpose, and c^T = op(b)^T op(a)^T. It wants strides of at least
  // 1 even where k is 0.
  int64_t a_stride = std::max<int64_t>(a.stride, 1), b_stride = std::max<int64_t>(b.stride, 1);
  cuda_stream();  // This makes the device current on this thread.
  cublasOperation_t first = operation(tb), second = operation(ta);
  check_blas(count == 1 ? cublasSgemm_64(handle_, first, second, n, m, k, &alpha, b.data, b_stride, a.data,
                                         a_stride, &beta, c, c_stride)
                        : cublasSgemmStridedBatched_64(handle_, first, second, n, m, k, &alpha, b.data,
                                                       b_stride, b.step, a.data, a_stride, a.step, &beta, c,
                                                       c_stride, c_step, count),
             "a matrix product");
}

}  // namespace caddie
