// SPDX-License-Identifier: Apache-2.0
// The random generator against the vectors that Random123 publishes, and its named streams against the
// numbers that every seed, key and published result rests on.
#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

using namespace caddie;

TEST_CASE("Philox 4x32-10 gives the known answers of Random123", "[base]") {
  // tests/kat_vectors of Random123 1.14, the lines "philox4x32 10": counter, key, result.
  using Words = RandomWords;
  CHECK(philox(Words{{0, 0, 0, 0}}, 0) == Words{{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  CHECK(philox(Words{{~0u, ~0u, ~0u, ~0u}}, ~uint64_t(0)) ==
        Words{{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  CHECK(philox(Words{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822) ==
        Words{{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST_CASE("a stream counts blocks up under a key made of its seed and name", "[base]") {
  // XXH3 of nothing with seed 0 is 0x2d06800538d394c2, as xxHash publishes it.
  Rng rng(0, "");
  for (uint32_t block = 0; block < 3; ++block)
    for (uint32_t word : philox({{block, 0, 0, 0}}, 0x2d06800538d394c2).word) CHECK(rng.bits() == word);
  CHECK(Rng(1, "").bits() != Rng(0, "").bits());
  CHECK(Rng(0, "a").bits() != Rng(0, "b").bits());
}

TEST_CASE("a stream can be looked up out of order", "[base]") {
  Rng rng(7, "weights");
  IndexedRng indexed(7, "weights");
  RandomWords second = indexed.words(1), first = indexed.words(0);
  for (const RandomWords& block : {first, second})
    for (uint32_t word : block.word) CHECK(rng.bits() == word);
}

TEST_CASE("numbers of a stream are made of its bits", "[base]") {
  Rng bits(7, "weights"), uniform(7, "weights"), normal(7, "weights"), below(7, "weights");
  // 53 bits, 27 of the first word and 26 of the second.
  auto next = [&] {
    uint64_t high = bits.bits() >> 5, low = bits.bits() >> 6;
    return std::ldexp(double(high << 26 | low), -53);
  };
  double first = next(), second = next();
  CHECK(uniform.uniform() == first);
  CHECK(uniform.uniform() == second);
  CHECK(normal.normal() == std::sqrt(-2 * std::log(1 - first)) * std::cos(2 * M_PI * second));
  CHECK(below.below(1000) == uint64_t(1000 * first));
  CHECK(below.below(1) == 0);
}
