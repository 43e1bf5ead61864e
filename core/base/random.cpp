// SPDX-License-Identifier: Apache-2.0
#include <caddie/random.h>

#include <xxhash.h>

#include <cmath>

namespace caddie {

Rng::Rng(uint64_t seed, std::string_view name) : key_(XXH3_64bits_withSeed(name.data(), name.size(), seed)) {}

uint32_t Rng::bits() {
  if (used_ == 4) {
    uint32_t x[4] = {uint32_t(counter_), uint32_t(counter_ >> 32), 0, 0};
    uint32_t key[2] = {uint32_t(key_), uint32_t(key_ >> 32)};
    for (int round = 0; round < 10; ++round) {
      uint64_t a = uint64_t(0xD2511F53u) * x[0], b = uint64_t(0xCD9E8D57u) * x[2];
      uint32_t y[4] = {uint32_t(b >> 32) ^ x[1] ^ key[0], uint32_t(b), uint32_t(a >> 32) ^ x[3] ^ key[1],
                       uint32_t(a)};
      for (int i = 0; i < 4; ++i) x[i] = y[i];
      key[0] += 0x9E3779B9u;
      key[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; ++i) block_[i] = x[i];
    ++counter_;
    used_ = 0;
  }
  return block_[used_++];
}

double Rng::uniform() {
  uint64_t high = bits() >> 5, low = bits() >> 6;
  return double(high * 67108864 + low) / 9007199254740992.0;
}

double Rng::normal() {
  double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * 3.14159265358979323846 * uniform());
}

uint64_t Rng::below(uint64_t n) { return uint64_t(uniform() * double(n)); }

}  // namespace caddie
