// SPDX-License-Identifier: Apache-2.0
// Draws random numbers by name: each technique draws from its own stream, so switching one off shifts no
// other's numbers.
#pragma once

#include <caddie/abi.h>

#include <cstdint>
#include <string_view>

namespace caddie {

/// Draws from one stream of Philox 4x32-10, whose numbers depend on the seed and the name alone.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
class CADDIE_API Rng {
 public:
  /// Opens the stream called `name` under `seed`, e.g. "weights/bigram.embed.weight".
  Rng(uint64_t seed, std::string_view name);

  /// Returns 32 random bits.
  uint32_t bits();
  /// Returns a number in [0, 1), with 53 random bits.
  double uniform();
  /// Returns a standard normal number, by the method of Box and Muller.
  double normal();
  /// Returns an integer in [0, n). n > 0.
  uint64_t below(uint64_t n);

 private:
  uint64_t key_, counter_ = 0;
  uint32_t block_[4] = {};
  int used_ = 4;
};

}  // namespace caddie
