// SPDX-License-Identifier: Apache-2.0
// Draws what a Generator of NumPy draws, so that orders of training data can be those of programs that use
// one.
#pragma once

#include <caddie/abi.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace caddie {

class Archive;

/// Is the generator PCG XSL RR 128/64, with NumPy's ways to seed it and to turn its bits into numbers.
/// Sources: O'Neill, "PCG: A family of simple fast space-efficient statistically good algorithms for random
/// number generation", 2014; numpy 2.4, numpy/random.
class CADDIE_API Pcg64 {
 public:
  /// Starts where PCG64(SeedSequence(entropy)) does. Zeros behind up to four 32-bit words mean nothing.
  explicit Pcg64(std::initializer_list<uint64_t> entropy);

  /// Returns 64 random bits.
  uint64_t bits();
  /// Returns a number in [0, 1), with 53 random bits.
  double uniform();
  /// Returns an integer in [0, n), 0 < n < 2^32, as integers(0, n) does; 0 without drawing where n is 1.
  int64_t below(int64_t n);
  /// Puts the values into a random order, as permutation(values) does.
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i-- > 1;) std::swap(values[i], values[up_to(uint32_t(i))]);
  }
  /// Returns 0 .. n - 1 in a random order. n < 2^32.
  std::vector<int64_t> permutation(int64_t n);
  /// Returns an index, each with a probability in proportion to its weight, as choice(p=...) does.
  size_t choice(std::span<const double> weights);
  /// Returns `count` different indices, as choice(size=count, replace=False, p=...) does. There must be so
  /// many weights above 0.
  std::vector<size_t> choice(size_t count, std::vector<double> weights);
  /// Returns how many of n draws fall to each of the given probabilities, whose sum is 1, as multinomial()
  /// does as long as n times a probability is at most 30; beyond that draws are counted in portions.
  std::vector<int64_t> multinomial(int64_t n, std::span<const double> probabilities);

  bool operator==(const Pcg64&) const = default;
  /// Shows an archive, under names that begin with `name`, where the generator stands.
  void state(Archive& archive, const std::string& name);

 private:
  void step();
  uint32_t half_bits();
  uint32_t up_to(uint32_t most);
  int64_t binomial(int64_t n, double p);

  // 128-bit numbers are held as their high and low halves.
  uint64_t state_high_ = 0, state_low_ = 0, increment_high_ = 0, increment_low_ = 0;
  bool has_half_ = false;  // whether the high half of the last 64 bits waits to be used
  uint32_t half_ = 0;
};

}  // namespace caddie
