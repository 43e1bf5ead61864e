// SPDX-License-Identifier: Apache-2.0
// The generator against numbers that NumPy's documentation and its users know by heart, and what it makes of
// its bits against counts worked out by hand.
#include <caddie/pcg64.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <set>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("PCG64 starts and goes on as numpy.random.default_rng does", "[base]") {
  Pcg64 zero({0}), answer({42});
  for (double wanted : {0.6369616873214543, 0.2697867137638703, 0.04097352393619469, 0.016527635528529094,
                        0.8132702392002724})
    CHECK(zero.uniform() == wanted);
  CHECK(answer.uniform() == 0.7739560485559633);
  CHECK(answer.uniform() == 0.4388784397520523);
}

TEST_CASE("zeros behind the entropy mean nothing, and a number beyond 32 bits is two words", "[base]") {
  CHECK(Pcg64({3, 0}).bits() == Pcg64({3}).bits());
  CHECK(Pcg64({3, 1}).bits() != Pcg64({3}).bits());
  CHECK(Pcg64({(uint64_t(7) << 32) + 5}).bits() == Pcg64({5, 7}).bits());
}

TEST_CASE("integers take the halves of 64 bits, the low one first", "[base]") {
  Pcg64 bits({1}), halves({1});
  uint64_t first = bits.bits();
  // 2^31 divides 2^32, so nothing is drawn again, and an integer is the upper 31 bits of 32.
  constexpr int64_t kHalf = int64_t(1) << 31;
  CHECK(halves.below(kHalf) == int64_t((first & 0xffffffff) >> 1));
  CHECK(halves.below(1) == 0);                                                // draws nothing
  CHECK(halves.uniform() == double(bits.bits() >> 11) / 9007199254740992.0);  // leaves the other half
  CHECK(halves.below(kHalf) == int64_t(first >> 33));
}

TEST_CASE("permutations hold everything once, and go by the bits of their places", "[base]") {
  Pcg64 random({2}), bits({2});
  std::vector<int64_t> order = random.permutation(2);
  CHECK(order == (bits.bits() & 1 ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{1, 0}));
  order = random.permutation(1000);
  CHECK(std::set<int64_t>(order.begin(), order.end()).size() == 1000);
  CHECK(random.permutation(0).empty());
}

TEST_CASE("choices go by their weights", "[base]") {
  Pcg64 random({3}), uniform({3});
  CHECK(random.choice(std::vector<double>{1, 1, 2}) == [](double x) {
    return x < 0.25 ? 0u : x < 0.5 ? 1u : 2u;
  }(uniform.uniform()));
  std::vector<size_t> all = random.choice(3, {0, 5, 1, 0, 2});
  CHECK(std::set<size_t>(all.begin(), all.end()) == std::set<size_t>{1, 2, 4});
  CHECK_THROWS_WITH(random.choice(2, {0, 1}), "2 different ones are wanted of 1");
}

TEST_CASE("a multinomial counts all draws, as often as its probabilities say", "[base]") {
  Pcg64 random({4});
  for (int64_t n : {1, 10, 400}) {  // 400 * 0.5 is beyond what is counted at once
    std::vector<int64_t> sums(3);
    constexpr int kTimes = 4000;
    for (int i = 0; i < kTimes; ++i) {
      std::vector<int64_t> counts = random.multinomial(n, std::vector<double>{0.2, 0.5, 0.3});
      CHECK(std::accumulate(counts.begin(), counts.end(), int64_t(0)) == n);
      for (size_t j = 0; j < 3; ++j) sums[j] += counts[j];
    }
    // The mean of kTimes counts lies within four of its standard deviations.
    for (size_t j = 0; j < 3; ++j) {
      double p = std::vector<double>{0.2, 0.5, 0.3}[j];
      CHECK(std::abs(double(sums[j]) / kTimes - double(n) * p) <
            4 * std::sqrt(double(n) * p * (1 - p) / kTimes));
    }
  }
}

TEST_CASE("a generator goes on from where an archive has it", "[base]") {
  struct Holder {
    Pcg64 random;
    void state(Archive& archive) { random.state(archive, "random"); }
  } one{Pcg64({5})}, other{Pcg64({6})};
  one.random.below(10);  // leaves a half
  MemoryArchive archive;
  archive.save(one);
  archive.load(other);
  CHECK(one.random == other.random);
  for (int i = 0; i < 3; ++i) CHECK(one.random.below(1000) == other.random.below(1000));
}
