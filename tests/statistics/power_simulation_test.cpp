// SPDX-License-Identifier: Apache-2.0
// Power held against 20,000 made-up sweeps: differences are found as often as it says.
// Run with: caddie-tests "[.simulation]", and with -s to see every rate.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <span>
#include <vector>

#include "statistics/compare.h"
#include "statistics/power.h"
#include "support/made_up_scores.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("differences are found as often as the power says", "[.simulation]") {
  for (size_t seeds : {2, 3, 5})
    for (double power : {0.5, 0.8}) {
      ComparisonDesign design{double(seeds), double(seeds), 4.0 * double(seeds - 1),
                              kNoise,        0.01,          Tail::less};
      double effect = detectable(design, power);
      CHECK(rate({4, seeds, effect}, pooled_finds({Tail::less}, 0.01)) == Approx(power).epsilon(0.1));
    }
  ComparisonDesign design{3, 3, 8, kNoise, 0.01, Tail::less};
  int64_t seeds = seeds_needed(design, 0.001, 0.8, 4);
  CHECK(rate({4, size_t(seeds), 0.001}, pooled_finds({Tail::less}, 0.01)) >= 0.72);
}

TEST_CASE("the power of a sweep corrected for all arms, in pairs and against a number", "[.simulation]") {
  constexpr size_t kArms = 5, kSeeds = 4;
  constexpr double kPower = 0.8;
  ComparisonDesign sweep{kSeeds, kSeeds, kArms * (kSeeds - 1), kNoise, 0.05, Tail::less, kArms - 1};
  double critical = sweep.critical();
  CHECK(rate({kArms, kSeeds, detectable(sweep, kPower), 0, 1, 1}, [&](const Scores& s) {
          return -pooled(s, 1, {Tail::less}).t > critical;
        }) == Approx(kPower).epsilon(0.1));
  double infinite = HUGE_VAL;
  ComparisonDesign number{kSeeds, infinite, kSeeds - 1, kNoise, 0.05, Tail::less};
  CHECK(rate({2, kSeeds, detectable(number, kPower)}, [&](const Scores& s) {
          return one_sample_test(summarize(s.arms[1]), 1.2, {Tail::less}).p < 0.05;
        }) == Approx(kPower).epsilon(0.1));
  constexpr double kShared = 0.97;
  ComparisonDesign pairs = number;
  pairs.sd = kNoise * std::sqrt(2 * (1 - kShared));
  CHECK(rate({2, kSeeds, detectable(pairs, kPower), kShared}, [&](const Scores& s) {
          return paired_test(s.arms[1], s.arms[0], {Tail::less}).p < 0.05;
        }) == Approx(kPower).epsilon(0.1));
}
