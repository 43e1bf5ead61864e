// SPDX-License-Identifier: Apache-2.0
// Draws the numbers of one named random stream from Philox; the key is a hash of the seed and the name.
#include <caddie/random.h>

#include <xxhash.h>

#include <cmath>

namespace caddie {

IndexedRng::IndexedRng(uint64_t seed, std::string_view name)
    : key_(XXH3_64bits_withSeed(name.data(), name.size(), seed)) {}

Rng::Rng(uint64_t seed, std::string_view name) : stream_(seed, name) {}

uint32_t Rng::bits() {
  if (used_ == 4) {
    words_ = stream_.words(next_++);
    used_ = 0;
  }
  return words_.word[used_++];
}

double Rng::uniform() {
  // Of two words 27 and 26 bits are taken, the 53 bits of a double: (high * 2^26 + low) / 2^53.
  uint64_t high = bits() >> 5, low = bits() >> 6;
  return double(high * 67108864 + low) / 9007199254740992.0;
}

double Rng::normal() {
  // This is the Box-Muller transform, of which one of the two results is used.
  double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * 3.14159265358979323846 * uniform());
}

uint64_t Rng::below(uint64_t n) { return uint64_t(uniform() * double(n)); }

}  // namespace caddie
