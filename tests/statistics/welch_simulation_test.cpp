// SPDX-License-Identifier: Apache-2.0
// Welch's test of several arms held against 20,000 made-up sweeps whose truth is known.
// Run with: caddie-tests "[.simulation]", and with -s to see every rate.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <span>
#include <vector>

#include "statistics/compare.h"
#include "statistics/power.h"
#include "statistics/welch_family.h"
#include "support/made_up_scores.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Arms claimed by Welch's test, held against the limit of the `family` that is left when the first `skipped`
/// were claimed before.
int welch_claims(const Scores& scores, const WelchFamily& family, Tail tail, size_t skipped = 0) {
  std::vector<Sample> samples = scores.samples();
  double ratio = variance_ratio(std::span<const Sample>(samples).subspan(1), samples[0]);
  int claims = 0;
  for (size_t arm = 1 + skipped; arm < samples.size(); ++arm) {
    Comparison test = welch_test(samples[arm], samples[0], {tail});
    claims += extremity(test.t, tail) > family.critical(test.df, ratio);
  }
  return claims;
}

WelchNulls welch_nulls(size_t arms, size_t seeds) {
  return {std::vector<int64_t>(arms, int64_t(seeds)), int64_t(seeds)};
}

}  // namespace

TEST_CASE("false positives of a whole sweep by Welch's test", "[.simulation]") {
  struct Case {
    double alpha;
    size_t arms, seeds;
  };
  for (Tail tail : {Tail::both, Tail::less})
    for (const Case& c : {Case{0.05, 2, 3}, Case{0.05, 2, 5}, Case{0.05, 2, 10}, Case{0.05, 8, 3},
                          Case{0.05, 8, 5}, Case{0.05, 8, 10}, Case{0.01, 8, 3}, Case{0.01, 8, 10}}) {
      WelchNulls nulls = welch_nulls(c.arms, c.seeds);
      WelchFamily family(nulls, c.alpha, tail);
      auto claims = [&](double louder, double baseline) {
        return rate({c.arms + 1, c.seeds, 0, 0, louder, SIZE_MAX, baseline},
                    [&](const Scores& s) { return welch_claims(s, family, tail) > 0; });
      };
      CAPTURE(int(tail), c.alpha, c.arms, c.seeds);
      CHECK(claims(1, 1) == Approx(c.alpha).margin(kHalfPoint));
      // Three seeds say too little of how much the SDs differ.
      double margin = c.seeds == 3 ? 0.009 : kHalfPoint;
      CHECK(claims(1.5, 1) == Approx(c.alpha).margin(margin));
      CHECK(claims(1, 1.5) == Approx(c.alpha).margin(margin));
    }
  // Arms that are no better next to one that is far better, which is claimed first.
  WelchNulls nulls = welch_nulls(4, 5);
  WelchFamily rest(nulls, 0.05, Tail::less);
  CHECK(rate({6, 5, 0.01, 0, 1, 1}, [&](const Scores& s) {
          return welch_claims(s, rest, Tail::less, 1) > 0;
        }) == Approx(0.05).margin(kHalfPoint));
}

TEST_CASE("Welch's simultaneous intervals hold all differences", "[.simulation]") {
  WelchNulls nulls = welch_nulls(5, 5);
  WelchFamily family(nulls, 0.05, Tail::both);
  auto holds = [&](const Scores& s) {
    std::vector<Sample> samples = s.samples();
    double ratio = variance_ratio(std::span<const Sample>(samples).subspan(1), samples[0]);
    for (size_t arm = 1; arm < samples.size(); ++arm) {
      Comparison c = welch_test(samples[arm], samples[0], {});
      c.reach(family.critical(c.df, ratio));
      if (c.low > -0.001 || c.high < -0.001) return false;
    }
    return true;
  };
  CHECK(rate({6, 5, 0.001, 0, 1.5}, holds) == Approx(0.95).margin(kHalfPoint));
}

TEST_CASE("the power of Welch's test, of one arm and corrected for several", "[.simulation]") {
  for (size_t seeds : {3, 5, 10})
    for (size_t arms : {1, 4, 8}) {
      ComparisonDesign design{double(seeds), double(seeds), 2.0 * double(seeds - 1), kNoise,
                              0.05,          Tail::less,    int64_t(arms),           true};
      WelchNulls nulls = welch_nulls(arms, seeds);
      WelchFamily family(nulls, 0.05, Tail::less);
      CAPTURE(seeds, arms);
      CHECK(rate({arms + 1, seeds, detectable(design, 0.8), 0, 1, 1}, [&](const Scores& s) {
              std::vector<Sample> samples = s.samples();
              Comparison c = welch_test(samples[1], samples[0], {Tail::less});
              if (arms == 1) return c.p < 0.05;
              return -c.t > family.critical(c.df, variance_ratio(std::span<const Sample>(samples).subspan(1),
                                                                 samples[0]));
            }) == Approx(0.8).epsilon(0.1));
    }
}
