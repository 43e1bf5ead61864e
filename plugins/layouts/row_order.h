// SPDX-License-Identifier: Apache-2.0
// Finds an order of the rows of a matrix of integers in which neighbours are alike.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns the sum of |a - b| over two rows of signed bytes.
inline int64_t row_distance(const char* a, const char* b, int64_t length) {
  int64_t sum = 0;
  constexpr int64_t kBlock = 1 << 16;  // Its sum fits 32 bits, which add faster.
  for (int64_t begin = 0; begin < length; begin += kBlock) {
    int part = 0, end = int(std::min(kBlock, length - begin));
    for (int i = 0; i < end; ++i) {
      int difference = int(int8_t(a[begin + i])) - int(int8_t(b[begin + i]));
      part += difference < 0 ? -difference : difference;
    }
    sum += part;
  }
  return sum;
}

/// Returns a chain through all rows: it begins at row 0, and goes on each time to the nearest row that it has
/// not come by, the first of equals. `bytes` holds `rows` rows of signed bytes of one length. The time grows
/// with the square of the number of rows.
inline std::vector<int64_t> similar_rows(std::string_view bytes, int64_t rows) {
  std::vector<int64_t> chain, left(static_cast<size_t>(rows));
  std::iota(left.begin(), left.end(), int64_t(0));
  int64_t length = rows > 0 ? int64_t(bytes.size()) / rows : 0;
  size_t next = 0;
  while (!left.empty()) {
    int64_t row = left[next];
    chain.push_back(row);
    left.erase(left.begin() + int64_t(next));
    int64_t least = -1;
    for (size_t i = 0; i < left.size(); ++i) {
      int64_t distance = row_distance(bytes.data() + row * length, bytes.data() + left[i] * length, length);
      if (least >= 0 && distance >= least) continue;
      least = distance;
      next = i;
    }
  }
  return chain;
}

}  // namespace caddie
