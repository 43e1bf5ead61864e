// SPDX-License-Identifier: Apache-2.0
// Tests held against 20,000 made-up sweeps without effects: they claim one as often as alpha says.
// Run with: caddie-tests "[.simulation]", and with -s to see every rate.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <span>
#include <vector>

#include "statistics/compare.h"
#include "statistics/joint.h"
#include "support/made_up_scores.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

Finds welch_finds(double alpha) {
  return [=](const Scores& scores) {
    std::vector<Sample> samples = scores.samples();
    return welch_test(samples[1], samples[0], {}).p < alpha;
  };
}

std::vector<std::vector<double>> differences(const Scores& scores) {
  std::vector<std::vector<double>> all;
  for (size_t arm = 1; arm < scores.arms.size(); ++arm) {
    all.push_back(scores.arms[arm]);
    for (size_t seed = 0; seed < all.back().size(); ++seed) all.back()[seed] -= scores.arms[0][seed];
  }
  return all;
}

}  // namespace

TEST_CASE("false positives of single comparisons", "[.simulation]") {
  for (double alpha : {0.01, 0.05}) {
    CAPTURE(alpha);
    CHECK(rate({4, 3}, pooled_finds({}, alpha)) == Approx(alpha).margin(kHalfPoint));
    CHECK(rate({4, 3}, pooled_finds({Tail::less}, alpha)) == Approx(alpha).margin(kHalfPoint));
    CHECK(rate({1, 3}, [&](const Scores& s) {
            return one_sample_test(summarize(s.arms[0]), 1.2, {Tail::less}).p < alpha;
          }) == Approx(alpha).margin(kHalfPoint));
    // One checkpoint: nearly all of the noise is that of the training, which both arms have in common.
    for (size_t seeds : {3, 5})
      CHECK(rate({2, seeds, 0, 0.97}, [&](const Scores& s) {
              return paired_test(s.arms[1], s.arms[0], {}).p < alpha;
            }) == Approx(alpha).margin(kHalfPoint));
  }
}

TEST_CASE("false positives of Welch's test", "[.simulation]") {
  for (double alpha : {0.01, 0.05}) {
    CAPTURE(alpha);
    // Alpha is held, and nearly used where the ratio of the SDs is the least favourable one.
    double noise = 3 * std::sqrt(alpha / kSweeps);
    for (size_t seeds : {2, 3, 5, 10})
      for (size_t baseline : {3, 6, 10})
        for (double louder : {0.25, 0.5, 1.0, 2.0, 4.0}) {
          CAPTURE(seeds, baseline, louder);
          Truth truth{2, std::max(seeds, baseline), 0, 0, louder};
          CHECK(rate(truth, [&](Scores scores) {
                  scores.arms[0].resize(baseline);
                  scores.arms[1].resize(seeds);
                  return welch_finds(alpha)(scores);
                }) <= alpha + noise);
        }
    CHECK(rate({2, 10, 0, 0, 2}, welch_finds(alpha)) == Approx(alpha).margin(kHalfPoint));
  }
}

TEST_CASE("an effect of exactly the margin is claimed with chance alpha", "[.simulation]") {
  CHECK(rate({4, 3, 0.002}, pooled_finds({Tail::less, 0.002}, 0.05)) == Approx(0.05).margin(kHalfPoint));
}

TEST_CASE("false positives of a whole sweep, all arms against the baseline", "[.simulation]") {
  constexpr size_t kArms = 5, kSeeds = 3;
  constexpr double kDf = kArms * (kSeeds - 1);
  // One distribution for every number of arms that may be left.
  std::vector<Dunnett> dunnett;
  for (size_t arms = 0; arms < kArms; ++arms)
    dunnett.emplace_back(std::vector<int64_t>(arms, kSeeds), kSeeds, kDf);
  for (Tail tail : {Tail::both, Tail::less})
    for (double alpha : {0.01, 0.05}) {
      CAPTURE(alpha);
      double critical = dunnett[kArms - 1].critical(alpha, tail);
      CHECK(rate({kArms, kSeeds}, [&](const Scores& s) {
              for (size_t arm = 1; arm < kArms; ++arm) {
                double t = pooled(s, arm, {}).t;
                if ((tail == Tail::both ? std::abs(t) : -t) > critical) return true;
              }
              return false;
            }) == Approx(alpha).margin(kHalfPoint));
    }
  // In Holm's order the first arm is held against all, so a null sweep is claimed as often as by Dunnett; and
  // arms that are no better next to one that is far better are claimed not more often than alpha.
  std::vector<double> critical = {0};
  for (size_t arms = 1; arms < kArms; ++arms) critical.push_back(dunnett[arms].critical(0.05, Tail::both));
  auto claims = [&](const Scores& s, size_t first) {
    std::vector<double> p, t;
    for (size_t arm = 1; arm < kArms; ++arm) {
      p.push_back(pooled(s, arm, {}).p);
      t.push_back(std::abs(pooled(s, arm, {}).t));
    }
    std::vector<double> all = adjusted(p, true, [&](size_t arm, const std::vector<size_t>& among) {
      return t[arm] > critical[among.size()] ? 0.0 : 1.0;
    });
    return std::any_of(all.begin() + long(first), all.end(), [](double value) { return value < 0.05; });
  };
  CHECK(rate({kArms, kSeeds}, [&](const Scores& s) { return claims(s, 0); }) ==
        Approx(0.05).margin(kHalfPoint));
  CHECK(rate({kArms, kSeeds, 0.01, 0, 1, 1}, [&](const Scores& s) { return claims(s, 1); }) ==
        Approx(0.05).margin(kHalfPoint));
}

TEST_CASE("false positives of a whole sweep in pairs and against a number", "[.simulation]") {
  constexpr size_t kArms = 5;
  auto any_below = [](const std::vector<double>& p, double alpha) {
    return std::any_of(p.begin(), p.end(), [&](double value) { return value <= alpha; });
  };
  for (size_t seeds : {3, 5})
    for (bool step_down : {false, true})
      CHECK(rate({kArms, seeds, 0, 0.97}, [&](const Scores& s) {
              std::vector<double> p;
              for (size_t arm = 1; arm < kArms; ++arm) p.push_back(paired_test(s.arms[arm], s.arms[0], {}).p);
              if (!any_below(p, 0.05)) return false;
              Rotations rotations(differences(s), Tail::both, 999);
              return any_below(
                  adjusted(p, step_down,
                           [&](size_t arm, const auto& among) { return rotations.p(arm, among); }),
                  0.05);
            }) == Approx(0.05).margin(kHalfPoint));
  CHECK(rate({kArms, 3}, [&](const Scores& s) {
          std::vector<double> p;
          for (const auto& arm : s.arms) p.push_back(one_sample_test(summarize(arm), 1.2, {Tail::less}).p);
          return any_below(adjusted(p, true, independent(p)), 0.05);
        }) == Approx(0.05).margin(kHalfPoint));
}
