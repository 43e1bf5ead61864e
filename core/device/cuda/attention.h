// SPDX-License-Identifier: Apache-2.0
// Computes causal attention by cuBLAS's matrix products around a softmax of rows, for some query positions at
// a time.
#pragma once

#include "device/attention.h"
#include "device/cuda/blas.h"

namespace caddie {

/// Keeps the contract of device/attention.h. `scratch` takes up to 256 MiB, more where one query position of
/// every sequence and head needs more. Calls with one `scratch` must not overlap.
void cuda_attention_forward(Blas& blas, CudaScratch& scratch, const AttentionShape& shape, float scale,
                            const float* q, const float* k, const float* v, float* y, float* log_sum);
/// Keeps the contract of device/attention.h, with `scratch` as in the forward pass.
void cuda_attention_backward(Blas& blas, CudaScratch& scratch, const AttentionShape& shape, float scale,
                             const float* q, const float* k, const float* v, const float* log_sum,
                             const float* dy, float* dq, float* dk, float* dv);

}  // namespace caddie
