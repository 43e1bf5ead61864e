// SPDX-License-Identifier: Apache-2.0
// Declares the Newton-Schulz iteration, which makes a matrix nearly orthogonal with matrix products alone.
#pragma once

#include <caddie/linalg.h>

#include <string>

namespace caddie {

/// Replaces x by a matrix with the same singular vectors and singular values near 1:
///   X = x / (|x|_F + 1e-7), then `steps` times  A = X X^T,  X <- a X + (b A + c A A) X.
/// x: [rows, columns]; the iteration runs on the transpose when rows > columns, so that A is small.
/// `coefficients` names the triples (a, b, c):
///   "standard"       3.4445, -4.7750, 2.0315 in each step (Keller Jordan, 2024)
///   "polar_express"  one triple a step, the fifth from then on (arXiv:2505.16932)
/// Runs on the calling thread. Throws Error for another name or when x is no matrix.
CADDIE_API void newton_schulz(const Tensor& x, const std::string& coefficients, int steps);

}  // namespace caddie
