// SPDX-License-Identifier: Apache-2.0
// Computes row-major matrix products by cuBLAS in plain float32, and holds scratch memory on the device that
// grows with its use.
#pragma once

#include <cublas_v2.h>

#include "device/cuda/stream.h"
#include "device/gemm.h"

namespace caddie {

/// Throws Error naming `what` unless `status` is CUBLAS_STATUS_SUCCESS.
void check_blas(cublasStatus_t status, const char* what);

/// Holds device memory of one owner, which is released only with the process.
class CudaScratch {
 public:
  /// Returns memory for at least `floats` floats; what was there is lost if the memory has to grow.
  float* reserve(int64_t floats);

 private:
  float* data_ = nullptr;
  int64_t floats_ = 0;
};

/// Refers to matrices of equal size: matrix i starts at data + i * step, its rows are `stride` floats apart.
struct Matrices {
  const float* data;
  int64_t stride, step;
};

/// Calls cuBLAS so that equal calls give equal bits: with one stream, one workspace and no TF32. Calls on one
/// Blas must not overlap.
class Blas {
 public:
  Blas();

  /// Sets c_i[m,n] = alpha * op(a_i)[m,k] op(b_i)[k,n] + beta * c_i for i in [0, count). beta = 0 never reads
  /// c.
  void multiply(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, Matrices a,
                Matrices b, float beta, float* c, int64_t c_stride, int64_t c_step, int64_t count);

 private:
  cublasHandle_t handle_ = nullptr;
};

}  // namespace caddie
