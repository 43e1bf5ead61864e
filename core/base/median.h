// SPDX-License-Identifier: Apache-2.0
// Finds the median of some numbers.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

namespace caddie {

/// Returns the middle value, or the mean of the two in the middle when the count is even; NaN for no values.
inline double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace caddie
