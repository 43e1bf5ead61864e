// SPDX-License-Identifier: Apache-2.0
// Thousands of made-up sweeps whose truth is known, and how often something is found in them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "statistics/compare.h"

namespace caddie::testing {

inline constexpr int kSweeps = 20000;
inline constexpr double kNoise = 0.0007;
inline constexpr double kHalfPoint = 0.005;

/// One made-up sweep: arms x seeds of scores, the first arm the baseline.
struct Scores {
  std::vector<std::vector<double>> arms;
  std::vector<Sample> samples() const {
    std::vector<Sample> all;
    for (const auto& arm : arms) all.push_back(summarize(arm));
    return all;
  }
};

/// What is true of a made-up sweep.
struct Truth {
  size_t arms = 2, seeds = 3;
  double effect = 0;         // every arm but the baseline is better by so much
  double shared = 0;         // share of a seed's variance that all arms have in common
  double louder = 1;         // factor on the second arm's SD
  size_t better = SIZE_MAX;  // arms that are better; by default all
  double baseline = 1;       // factor on the baseline's SD
};

inline Scores draw(std::mt19937_64& random, const Truth& truth) {
  std::normal_distribution<double> normal(0, kNoise);
  std::vector<double> common(truth.seeds);
  for (double& value : common) value = normal(random) * std::sqrt(truth.shared);
  Scores scores;
  for (size_t arm = 0; arm < truth.arms; ++arm) {
    scores.arms.emplace_back();
    double own = std::sqrt(1 - truth.shared) * (arm == 0 ? truth.baseline : arm == 1 ? truth.louder : 1);
    double effect = arm > 0 && arm <= truth.better ? truth.effect : 0;
    for (size_t seed = 0; seed < truth.seeds; ++seed)
      scores.arms.back().push_back(1.2 + common[seed] + normal(random) * own - effect);
  }
  return scores;
}

using Finds = std::function<bool(const Scores&)>;

/// Share of sweeps for which `finds` holds.
inline double rate(const Truth& truth, const Finds& finds) {
  std::mt19937_64 random(20260101);
  int found = 0;
  for (int i = 0; i < kSweeps; ++i) found += finds(draw(random, truth));
  return double(found) / kSweeps;
}

/// The pooled test of an arm against the baseline.
inline Comparison pooled(const Scores& scores, size_t arm, const Hypothesis& hypothesis) {
  std::vector<Sample> samples = scores.samples();
  return pooled_test(samples[arm], samples[0], pool(samples), hypothesis);
}

/// Whether the pooled test finds the second arm different.
inline Finds pooled_finds(const Hypothesis& hypothesis, double alpha) {
  return [=](const Scores& scores) { return pooled(scores, 1, hypothesis).p < alpha; };
}

}  // namespace caddie::testing
