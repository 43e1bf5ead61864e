// SPDX-License-Identifier: Apache-2.0
// What the finished runs of a sweep tell of noise and time.
#include "report/prior_runs.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace caddie;

namespace {

/// Two arms with runs that are done, of one training for each seed when `shared`.
struct TwoArms {
  Plan plan;
  Ablation ablation;

  explicit TwoArms(bool shared) {
    plan.arms.resize(2);
    plan.arms[0].kind = "baseline";
    for (size_t arm = 0; arm < 2; ++arm)
      for (int64_t seed = 1; seed <= 3; ++seed) plan.runs.push_back({arm, seed, ""});
    ablation.plan = &plan;
    for (const PlannedRun& run : plan.runs) {
      RunRow row{&run, &plan.arms[run.arm], {}};
      row.state.status = RunStatus::done;
      // The arm is better by 0.01, 0.02 and 0.03.
      row.state.summary.bpb = 2.0 + 0.1 * double(run.seed) - 0.01 * double(run.arm) * double(run.seed);
      row.state.summary.step_ms = 100;
      row.state.summary.export_seconds = 2;
      row.state.summary.evaluation_seconds = 3;
      ablation.runs.push_back(row);
    }
    for (size_t arm = 0; arm < 2; ++arm) {
      ArmRow row;
      row.arm = &plan.arms[arm];
      row.is_baseline = arm == 0;
      row.trained_as = shared ? 0 : arm;
      ablation.arms.push_back(row);
    }
    ablation.pooled = {0.0004, 4};
  }
};

}  // namespace

TEST_CASE("times are means of the finished runs", "[report]") {
  TwoArms made(false);
  made.ablation.runs[0].state.status = RunStatus::failed;
  made.ablation.runs[0].state.summary.step_ms = 9999;
  PriorRuns prior = prior_runs_of(made.ablation, "results/x");
  CHECK(prior.times.step_seconds == Approx(0.1));
  CHECK(prior.times.own_seconds == Approx(5));
  CHECK(prior.times.source == "results/x");
  CHECK(prior.source == "results/x");
}

TEST_CASE("a run that tells no times leaves the others' means as they are", "[report]") {
  TwoArms made(false);
  made.ablation.runs[0].state.summary.step_ms.reset();
  made.ablation.runs[1].state.summary.export_seconds.reset();
  PriorRuns prior = prior_runs_of(made.ablation, "results/x");
  CHECK(prior.times.step_seconds == Approx(0.1));
  CHECK(prior.times.own_seconds == Approx(5));
}

TEST_CASE("the noise is the sweep's, that of pairs their differences' own", "[report]") {
  TwoArms made(true);
  PriorRuns prior = prior_runs_of(made.ablation, "results/x");
  CHECK(prior.sd == Approx(0.02));
  CHECK(prior.df == 4);
  CHECK(prior.paired_sd == Approx(0.01));  // of 0.01, 0.02, 0.03
  CHECK(paired_variance(made.ablation).df == 2);
}

TEST_CASE("arms that are trained apart tell nothing of pairs", "[report]") {
  TwoArms made(false);
  CHECK(std::isnan(paired_variance(made.ablation).variance));
  CHECK(std::isnan(prior_runs_of(made.ablation, "").paired_sd));
}
