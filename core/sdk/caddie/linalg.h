// SPDX-License-Identifier: Apache-2.0
// Multiplies plain tensors, for optimizers and initializers. No gradient flows through these products.
#pragma once

#include <caddie/tensor.h>

namespace caddie {

/// Sets out = alpha * op(a) op(b) + beta * out, where op is the transpose if asked for. Matrices are [rows,
/// columns]. Runs on the calling thread. Throws Error when the shapes do not fit.
CADDIE_API void multiply(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b,
                         const Tensor& out, float alpha = 1, float beta = 0);

/// Sets out = alpha * a a^T + beta * out. a: [n, k]; out: [n, n], which must be symmetric unless beta is 0.
/// Throws Error when the shapes do not fit.
CADDIE_API void multiply_by_own_transpose(const Tensor& a, const Tensor& out, float alpha = 1,
                                          float beta = 0);

/// Sets out = a^T. a: [n, k], out: [k, n]. Throws Error when the shapes do not fit.
CADDIE_API void transpose(const Tensor& a, const Tensor& out);

}  // namespace caddie
