// SPDX-License-Identifier: Apache-2.0
// Multiplies and factorizes plain tensors, for optimizers, initializers and correctors. No gradient flows
// through these.
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

/// Holds a product of two narrow matrices.
struct LowRank {
  Tensor left;   // [m, r], the leading left singular vectors, each times its singular value
  Tensor right;  // [r, n], the leading right singular vectors
};

/// Returns the product of rank r = min(rank, m, n) that is nearest to `a` in the sum of squares, on the host.
/// Singular values fall; the entry of largest magnitude of each right vector is positive, and a pair whose
/// singular value is 0 is zero. a: [m, n]; rank >= 1. Takes memory for min(m, n) vectors of that length at
/// the most, in double precision. Runs on the calling thread. Throws Error when `a` is no matrix.
CADDIE_API LowRank low_rank(const Tensor& a, int rank);

}  // namespace caddie
