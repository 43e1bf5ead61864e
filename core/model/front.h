// SPDX-License-Identifier: Apache-2.0
// What an evaluation pass computes before its first attention. Windows that overlap can share it; what
// follows depends on where each begins, the attention itself at least in its rounding.
#pragma once

#include <caddie/tensor.h>

#include <vector>

namespace caddie {

struct Front {
  /// [1,T,..], a row a position: the stem's output; of the first layer the input, the normed input, and
  /// query, key and value as they leave their products.
  std::vector<Tensor> values;

  bool defined() const { return !values.empty(); }
  /// `count` positions from `first` on, in the same memory.
  Front rows(int64_t first, int64_t count) const;
};

void copy(const Front& from, const Front& to);
bool same_bits(const Front& a, const Front& b);

}  // namespace caddie
