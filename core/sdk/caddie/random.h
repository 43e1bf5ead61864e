// SPDX-License-Identifier: Apache-2.0
// Draws random numbers by name: each technique draws from its own stream, so switching one off shifts no
// other's numbers.
#pragma once

#include <caddie/abi.h>

#include <cstdint>
#include <string_view>

namespace caddie {

/// Holds four words of a stream, of 32 random bits each.
struct RandomWords {
  uint32_t word[4];
  bool operator==(const RandomWords&) const = default;
};

/// Returns the four words that Philox 4x32-10 has at `counter` in the stream of `key`.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
CADDIE_FN inline RandomWords philox(RandomWords counter, uint64_t key) {
  uint32_t low = uint32_t(key), high = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint32_t* c = counter.word;
    uint64_t a = uint64_t(0xD2511F53u) * c[0], b = uint64_t(0xCD9E8D57u) * c[2];
    counter = {{uint32_t(b >> 32) ^ c[1] ^ low, uint32_t(b), uint32_t(a >> 32) ^ c[3] ^ high, uint32_t(a)}};
    low += 0x9E3779B9u;
    high += 0xBB67AE85u;
  }
  return counter;
}

/// Looks up the numbers of one stream by their place in it, in any order and on any device, where Rng draws
/// them one after the other. They depend on the seed and the name alone.
class IndexedRng {
 public:
  CADDIE_API IndexedRng(uint64_t seed, std::string_view name);

  /// Returns the words 4 i to 4 i + 3 of the stream.
  CADDIE_FN RandomWords words(int64_t i) const {
    return philox({{uint32_t(i), uint32_t(uint64_t(i) >> 32), 0, 0}}, key_);
  }

 private:
  uint64_t key_;
};

/// Draws from one stream of Philox 4x32-10, whose numbers depend on the seed and the name alone.
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
  IndexedRng stream_;
  int64_t next_ = 0;  // the index of the next words
  RandomWords words_ = {};
  int used_ = 4;
};

}  // namespace caddie
