// SPDX-License-Identifier: Apache-2.0
// Effects held against made-up sweeps without any: they are claimed as often as alpha says.
// Run with: caddie-tests "[.simulation]".
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "report/ablation.h"
#include "report/effects.h"
#include "statistics/compare.h"
#include "support/made_up_scores.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("false positives of levels and interactions of a factor", "[.simulation]") {
  // Three levels by two, in different numbers of seeds.
  Plan plan;
  plan.design = "grid";
  plan.factors = {"a", "b"};
  for (size_t arm = 0; arm < 6; ++arm)
    plan.arms.push_back({"", arm ? "grid" : "baseline", {}, {arm % 3, arm / 3}, {}, {}, "", ""});
  for (size_t arm = 0; arm < 6; ++arm)
    for (size_t seed = 0; seed < 2 + arm % 2; ++seed) plan.runs.push_back({arm, int64_t(seed), ""});
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(1.2, kNoise);
  // Each takes milliseconds, so fewer; the margins are three standard errors.
  constexpr int kFewer = 4000;
  int levels = 0, interactions = 0;
  for (int i = 0; i < kFewer; ++i) {
    Ablation ablation;
    ablation.plan = &plan;
    std::vector<std::vector<double>> scores(6);
    for (const PlannedRun& run : plan.runs) {
      scores[run.arm].push_back(normal(random));
      RunRow& row = ablation.runs.emplace_back();
      row.run = &run;
      row.arm = &plan.arms[run.arm];
      row.state.status = RunStatus::done;
      row.state.summary.bpb = scores[run.arm].back();
    }
    std::vector<Sample> samples;
    for (size_t arm = 0; arm < 6; ++arm) {
      samples.push_back(summarize(scores[arm]));
      ArmRow& row = ablation.arms.emplace_back();
      row.arm = &plan.arms[arm];
      row.bpb = samples.back();
    }
    ablation.pooled = pool(samples);
    std::vector<Effect> found = effects(ablation);
    levels += std::min(found[0].p, found[1].p) < 0.05;
    interactions += found[3].p < 0.05;
  }
  CHECK(double(levels) / kFewer == Approx(0.05).margin(0.0105));
  CHECK(double(interactions) / kFewer == Approx(0.05).margin(0.0105));
}
