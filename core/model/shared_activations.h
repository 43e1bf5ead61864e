// SPDX-License-Identifier: Apache-2.0
// Holds what an evaluation pass computes before its first attention. Windows that overlap can share it; all
// that follows depends on where a window begins, be it only in the rounding of the attention.
#pragma once

#include <caddie/tensor.h>

#include <vector>

namespace caddie {

/// Holds the activations before the first attention, for one sequence.
struct SharedActivations {
  /// Each is [1,T,..], with a row for each position: the stem's output; then, of the first layer, the input,
  /// the normed input, and query, key and value as they leave their products.
  std::vector<Tensor> values;

  bool defined() const { return !values.empty(); }
  /// Returns `count` positions from `first` on, in the same memory.
  SharedActivations rows(int64_t first, int64_t count) const;
};

/// Copies all values. Both must have the same shapes.
void copy(const SharedActivations& from, const SharedActivations& to);
/// Returns whether all values have the same bits.
bool same_bits(const SharedActivations& a, const SharedActivations& b);

}  // namespace caddie
