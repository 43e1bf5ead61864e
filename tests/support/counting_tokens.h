// SPDX-License-Identifier: Apache-2.0
// Tokens that count up, so that a test can say which ones it wants.
#pragma once

#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "data/shards.h"

namespace caddie {

/// Shards of the given sizes whose tokens count up from 0 across all of them.
inline TokenStream counting_stream(const std::filesystem::path& folder, const std::vector<int>& sizes) {
  int first = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    auto size = size_t(sizes[i]);
    std::vector<uint16_t> tokens(size);
    std::iota(tokens.begin(), tokens.end(), uint16_t(first));
    write_shard(folder / ("train_00000" + std::to_string(i) + ".bin"), tokens);
    first += sizes[i];
  }
  return TokenStream((folder / "train_*.bin").string());
}

/// count numbers from `first` on.
inline std::vector<int32_t> counting(int first, int count) {
  std::vector<int32_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return values;
}

}  // namespace caddie
