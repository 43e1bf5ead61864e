// SPDX-License-Identifier: Apache-2.0
// Computes the entropy of counted symbols.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>

namespace caddie {

/// Returns the order-0 entropy of a sequence in bits, all of its symbols together: the sum of
/// n log2(total / n) over the counts n of the symbols; 0 when there are none.
inline double entropy_bits(std::span<const int64_t> counts) {
  auto total = double(std::accumulate(counts.begin(), counts.end(), int64_t(0)));
  double bits = 0;
  for (int64_t count : counts)
    if (count > 0) bits += double(count) * std::log2(total / double(count));
  return bits;
}

}  // namespace caddie
