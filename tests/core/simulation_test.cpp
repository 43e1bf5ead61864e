// SPDX-License-Identifier: Apache-2.0
// The statistics held against 20,000 made-up sweeps whose truth is known: false positives come as often as
// alpha says, true differences are found as often as the power says. Run with: caddie-tests "[.simulation]"
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "report/statistics.h"

using namespace caddie;

namespace {

constexpr int kSweeps = 20000;
constexpr double kNoise = 0.0007;

/// One made-up sweep: arms x seeds of scores, the first arm the baseline.
struct Scores {
  std::vector<std::vector<double>> arms;
  std::vector<Sample> samples() const {
    std::vector<Sample> all;
    for (const auto& arm : arms) all.push_back(summarize(arm));
    return all;
  }
};

/// Normal noise; every arm but the baseline is better by `effect`. `shared` is the part of a seed's noise
/// that all arms have in common, as a share of the variance.
Scores draw(std::mt19937_64& random, size_t arms, size_t seeds, double effect, double shared = 0) {
  std::normal_distribution<double> normal(0, kNoise);
  std::vector<double> common(seeds);
  for (double& value : common) value = normal(random) * std::sqrt(shared);
  Scores scores;
  for (size_t arm = 0; arm < arms; ++arm) {
    scores.arms.emplace_back();
    for (size_t seed = 0; seed < seeds; ++seed)
      scores.arms.back().push_back(1.2 + common[seed] + normal(random) * std::sqrt(1 - shared) -
                                   (arm > 0 ? effect : 0));
  }
  return scores;
}

/// Share of sweeps for which `finds` holds.
double rate(size_t arms, size_t seeds, double effect, double shared,
            const std::function<bool(const Scores&)>& finds) {
  std::mt19937_64 random(20260101);
  int found = 0;
  for (int i = 0; i < kSweeps; ++i) found += finds(draw(random, arms, seeds, effect, shared));
  return double(found) / kSweeps;
}

double pooled_p(const Scores& scores, size_t arm, const Question& question) {
  std::vector<Sample> samples = scores.samples();
  return pooled_test(samples[arm], samples[0], pool(samples), question).p;
}

constexpr double kHalfPoint = 0.005;

}  // namespace

TEST_CASE("false positives of single comparisons", "[.simulation]") {
  for (double alpha : {0.01, 0.05}) {
    CHECK(rate(4, 3, 0, 0, [&](const Scores& s) { return pooled_p(s, 1, {}) < alpha; }) ==
          Approx(alpha).margin(kHalfPoint));
    CHECK(rate(4, 3, 0, 0, [&](const Scores& s) { return pooled_p(s, 1, {Tail::less}) < alpha; }) ==
          Approx(alpha).margin(kHalfPoint));
    auto welch_finds = [&](const Scores& s) {
      std::vector<Sample> samples = s.samples();
      return welch_test(samples[1], samples[0], {}).p < alpha;
    };
    CHECK(rate(2, 10, 0, 0, welch_finds) == Approx(alpha).margin(kHalfPoint));
    // With few seeds Welch's test is known to claim too seldom, never too often: 4.4% at 5 seeds and alpha
    // 5%.
    CHECK(rate(2, 5, 0, 0, welch_finds) < alpha + kHalfPoint);
    CHECK(rate(2, 3, 0, 0, welch_finds) < alpha + kHalfPoint);
    CHECK(rate(1, 3, 0, 0, [&](const Scores& s) {
            return one_sample_test(summarize(s.arms[0]), 1.2, {Tail::less}).p < alpha;
          }) == Approx(alpha).margin(kHalfPoint));
    CHECK(rate(2, 3, 0, 0.9, [&](const Scores& s) {
            return paired_test(s.arms[1], s.arms[0], {}).p < alpha;
          }) == Approx(alpha).margin(kHalfPoint));
  }
}

TEST_CASE("an effect of exactly the margin is claimed with chance alpha", "[.simulation]") {
  Question question{Tail::less, 0.002};
  CHECK(rate(4, 3, 0.002, 0, [&](const Scores& s) { return pooled_p(s, 1, question) < 0.05; }) ==
        Approx(0.05).margin(kHalfPoint));
}

TEST_CASE("false positives of a whole sweep", "[.simulation]") {
  constexpr size_t kArms = 5, kSeeds = 3;
  Dunnett dunnett(std::vector<int64_t>(kArms - 1, kSeeds), kSeeds, kArms * (kSeeds - 1));
  for (Tail tail : {Tail::both, Tail::less}) {
    double critical = dunnett.critical(0.05, tail);
    CHECK(rate(kArms, kSeeds, 0, 0, [&](const Scores& s) {
            std::vector<Sample> samples = s.samples();
            for (size_t arm = 1; arm < kArms; ++arm) {
              double t = pooled_test(samples[arm], samples[0], pool(samples), {}).t;
              if ((tail == Tail::both ? std::abs(t) : -t) > critical) return true;
            }
            return false;
          }) == Approx(0.05).margin(kHalfPoint));
  }
  // Holm takes no account of the baseline that all comparisons share, so it stays below alpha.
  CHECK(rate(kArms, kSeeds, 0, 0, [&](const Scores& s) {
          std::vector<double> p;
          for (size_t arm = 1; arm < kArms; ++arm) p.push_back(pooled_p(s, arm, {}));
          for (double adjusted : holm(p))
            if (adjusted < 0.05) return true;
          return false;
        }) <= 0.05 + kHalfPoint);
}

TEST_CASE("differences are found as often as the power says", "[.simulation]") {
  for (size_t seeds : {2, 3, 5}) {
    Design design{double(seeds), double(seeds), 4.0 * double(seeds - 1), kNoise, 0.01, Tail::less};
    for (double power : {0.5, 0.8}) {
      double effect = detectable(design, power);
      CHECK(rate(4, seeds, effect, 0, [&](const Scores& s) { return pooled_p(s, 1, {Tail::less}) < 0.01; }) ==
            Approx(power).epsilon(0.1));
    }
  }
  int64_t seeds = seeds_needed(0.001, kNoise, 4, 0.01, 0.8, Tail::less);
  double found =
      rate(4, size_t(seeds), 0.001, 0, [&](const Scores& s) { return pooled_p(s, 1, {Tail::less}) < 0.01; });
  CHECK(found >= 0.72);
}
