// SPDX-License-Identifier: Apache-2.0
// Stores the two factors of a low-rank correction, a [out, r] and b [r, in], as small integers:
//   asymmetric:  a in 2 bits with one scale, s = max|a| / 1.5 and integers from -2 to 1;
//                b in 4 bits with one scale for each group of neighbours, s = max|b| / 7.5, from -8 to 7;
//   symmetric:   both with one scale for each row, s = max|row| / n, from -n to n, with n = 2^(bits - 1) - 1.
// All scales are halves, and the rounded ones are divided by.
#pragma once

#include <caddie/linalg.h>
#include <caddie/quantize.h>

namespace caddie {

/// Says how factors are stored.
struct FactorCodes {
  bool asymmetric = true;  // where the groups fill b; otherwise, and elsewhere, symmetric
  int64_t group = 64;      // the neighbours of b that share a scale when asymmetric
  int bits = 4;            // the bits of a number when symmetric
};

/// Returns the arrays "a", "a_scale", "b" and "b_scale".
inline Packed pack_factors(const LowRank& factors, const FactorCodes& codes) {
  const Tensor &a = factors.left, &b = factors.right;
  std::span<const float> left(a.data(), size_t(a.numel())), right(b.data(), size_t(b.numel()));
  Packed packed, second;
  if (codes.asymmetric && b.numel() % codes.group == 0) {
    packed = pack_groups("a", left, a.shape(), a.numel(), 1.5f, -2, 1);
    second = pack_groups("b", right, b.shape(), codes.group, 7.5f, -8, 7);
  } else {
    int n = top_level(codes.bits);
    packed = pack_groups("a", left, a.shape(), a.shape()[1], float(n), -n, n);
    second = pack_groups("b", right, b.shape(), b.shape()[1], float(n), -n, n);
  }
  packed.insert(packed.end(), second.begin(), second.end());
  return packed;
}

/// Adds the product of the stored factors to a weight [out, in] on the host. Throws Error when the arrays do
/// not fit it.
inline void add_product(const Packed& packed, Tensor& weight) {
  check(weight.shape().rank() == 2 && !packed.empty() && packed[0].shape.rank() == 2,
        "a weight of shape {} has no product of two factors", weight.shape());
  int64_t out = weight.shape()[0], in = weight.shape()[1], rank = packed[0].shape[1];
  std::vector<float> a = unpack_groups(packed, "a", {out, rank}), b = unpack_groups(packed, "b", {rank, in});
  multiply(Tensor({out, rank}, a.data(), Device::kCpu), false, Tensor({rank, in}, b.data(), Device::kCpu),
           false, weight, 1, 1);
}

}  // namespace caddie
