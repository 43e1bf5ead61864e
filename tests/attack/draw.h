// SPDX-License-Identifier: Apache-2.0
// Random choices that depend on nothing but the seed of a trial.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string_view>
#include <vector>

namespace caddie::attack {

class Draw {
 public:
  Draw(uint64_t seed, std::string_view kind, uint64_t number) {
    std::vector<uint32_t> all = {uint32_t(seed), uint32_t(seed >> 32), uint32_t(number)};
    all.insert(all.end(), kind.begin(), kind.end());
    std::seed_seq sequence(all.begin(), all.end());
    random_.seed(sequence);
  }
  /// Returns a whole number from 0 to below `end`, which is above 0.
  uint64_t below(uint64_t end) { return random_() % end; }
  /// Returns a number from 0 to below 1.
  double share() { return double(random_() >> 11) * 0x1p-53; }
  template <class List>
  const auto& from(const List& list) {
    return *(std::begin(list) + ptrdiff_t(below(std::size(list))));
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace caddie::attack
