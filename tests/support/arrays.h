// SPDX-License-Identifier: Apache-2.0
// Compares weights and the arrays that stand for them.
#pragma once

#include <caddie/export_slots.h>

#include <algorithm>
#include <cmath>

namespace caddie::testing {

/// |a - b| / |b|, 0 where both are zero.
inline double relative_error(const Tensor& a, const Tensor& b) {
  Tensor difference = clone(a);
  for (int64_t i = 0; i < a.numel(); ++i) difference.data()[i] -= b.data()[i];
  double error = std::sqrt(squared_norm(difference));
  return error == 0 ? 0 : error / std::sqrt(squared_norm(b));
}

inline bool same_arrays(const Packed& a, const Packed& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Array& x, const Array& y) {
    return x.name == y.name && x.type == y.type && x.shape == y.shape && x.bytes == y.bytes;
  });
}

}  // namespace caddie::testing
