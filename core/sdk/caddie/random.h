// SPDX-License-Identifier: Apache-2.0
// Random numbers by name: each technique draws from its own stream, so switching one off shifts no other's
// numbers.
#pragma once

#include <caddie/abi.h>

#include <cstdint>
#include <string_view>

namespace caddie {

/// Philox 4x32-10: the same numbers on every device and in any order of asking.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
class CADDIE_API Rng {
 public:
  /// The stream called `name` under `seed`, e.g. "weights/bigram.embed.weight".
  Rng(uint64_t seed, std::string_view name);

  uint32_t bits();
  /// In [0, 1).
  double uniform();
  /// Standard normal, by Box and Muller.
  double normal();
  /// In [0, n). n > 0.
  uint64_t below(uint64_t n);

 private:
  uint64_t key_, counter_ = 0;
  uint32_t block_[4] = {};
  int used_ = 4;
};

}  // namespace caddie
