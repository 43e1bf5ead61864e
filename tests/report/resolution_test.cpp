// SPDX-License-Identifier: Apache-2.0
// What the comparisons of a plan could resolve, by hand and against the formulas of statistics.
#include "report/resolution.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace caddie;

namespace {

/// A baseline and `others` arms with 4 seeds each.
Plan plan_of(size_t others) {
  Plan plan;
  plan.seeds = {1, 2, 3, 4};
  for (size_t arm = 0; arm <= others; ++arm) {
    Arm made;
    made.label = arm == 0 ? "baseline" : "arm" + std::to_string(arm);
    made.kind = arm == 0 ? "baseline" : "grid";
    plan.arms.push_back(made);
    for (int64_t seed : plan.seeds) plan.runs.push_back({arm, seed, ""});
  }
  return plan;
}

SweepClaim claim_of(const char* test, const char* correction) {
  SweepClaim claim;
  claim.test = test;
  claim.correction = correction;
  claim.alpha = 0.01;
  return claim;
}

}  // namespace

TEST_CASE("without a claim all arms are asked for any difference", "[report]") {
  ComparisonDesign design = design_of(plan_of(2), 0.003);
  CHECK(design.seeds == 4);
  CHECK(design.baseline_seeds == 4);
  CHECK(design.df == 9);  // 12 runs, 3 means
  CHECK(design.sd == 0.003);
  CHECK(design.alpha == 0.05);
  CHECK(design.tail == Tail::both);
  CHECK(design.comparisons == 2);
  CHECK(pooled_arms(plan_of(2), design) == 3);
}

TEST_CASE("a claim brings its own test, level and correction", "[report]") {
  Plan plan = plan_of(3);
  plan.claim = claim_of("pooled", "dunnett");
  CHECK(design_of(plan, 1).alpha == 0.01);
  CHECK(design_of(plan, 1).tail == Tail::less);
  CHECK(design_of(plan, 1).df == 12);
  CHECK(design_of(plan, 1).comparisons == 3);
  plan.claim->arms = {"arm2"};
  CHECK(design_of(plan, 1).comparisons == 1);
  plan.claim = claim_of("pooled", "none");
  CHECK(design_of(plan, 1).comparisons == 1);
}

TEST_CASE("tests that pool nothing have the degrees of freedom of their own runs", "[report]") {
  Plan plan = plan_of(3);
  plan.claim = claim_of("welch", "holm");
  CHECK(design_of(plan, 1).df == 6);
  CHECK(design_of(plan, 1).own_variances);
  CHECK(pooled_arms(plan, design_of(plan, 1)) == 2);
  plan.claim = claim_of("one_sample", "none");
  CHECK(design_of(plan, 1).df == 3);
  CHECK(std::isinf(design_of(plan, 1).baseline_seeds));
  CHECK(pooled_arms(plan, design_of(plan, 1)) == 1);
  plan.claim = claim_of("paired_seed", "none");
  CHECK(design_of(plan, 1).df == 3);
  CHECK(design_of(plan, 1).baseline_seeds == 4);
}

TEST_CASE("arms of one training are compared in pairs", "[report]") {
  Plan plan = plan_of(3);
  CHECK(paired_arms(plan).empty());  // nothing is known of trainings yet
  plan.arms[0].training = plan.arms[2].training = "t";
  plan.arms[1].training = "u";
  CHECK(paired_arms(plan) == std::vector<std::string>{"arm2"});
  CHECK_FALSE(shares_training(plan, plan.baseline()));
  plan.claim = claim_of("welch", "holm");
  ComparisonDesign design = paired_design_of(plan, 0.0002);
  CHECK(design.df == 3);
  CHECK(design.standard_error() == Approx(0.0001));
  CHECK_FALSE(design.own_variances);
}

TEST_CASE("a resolution is that of its design", "[report]") {
  Plan plan = plan_of(2);
  ComparisonDesign design = design_of(plan, 0.003);
  Resolution r = resolution_of(plan, design, 0.8, 0);
  CHECK(r.detectable == detectable(design, 0.8));
  CHECK(r.significant == significant_delta(design));
  CHECK(r.effect == r.detectable / 2);
  CHECK(r.seeds == seeds_needed(design, r.effect, 0.8, 3));
  CHECK(r.seeds > 4);
  CHECK(resolution_of(plan, design, 0.8, 0.001).effect == 0.001);
  ComparisonDesign unknown = design;
  unknown.df = 0;
  CHECK(std::isnan(resolution_of(plan, unknown, 0.8, 0).detectable));
  CHECK(resolution_of(plan, unknown, 0.8, 0.001).seeds == 0);
}

TEST_CASE("a resolution is that of the claim as stated, with its margin and its metric", "[report]") {
  Plan plan = plan_of(1);
  plan.claim = claim_of("pooled", "none");
  double plain = resolution_of(plan, design_of(plan, 0.003), 0.8, 0).detectable;
  // statsmodels.stats.power.TTestIndPower().solve_power(nobs1=4, alpha=0.01, power=0.8,
  // alternative="larger").
  CHECK(plain / 0.003 == Approx(2.923409575074529).epsilon(1e-4));
  for (double margin : {0.002, 0.1}) {
    plan.claim->margin = margin;
    Resolution r = resolution_of(plan, design_of(plan, 0.003), 0.8, 0);
    CHECK(r.detectable == Approx(margin + plain));
    CHECK(r.significant > margin);
    CHECK(r.effect == Approx(margin + plain / 2));
    CHECK(r.seeds > 4);
    CHECK(resolution_of(plan, design_of(plan, 0.003), 0.8, margin).seeds == 0);
  }
  plan.claim->margin_nats = 0.005;
  CHECK(tested_metric(plan) == "val_loss_nats");
  CHECK(claimed_margin(plan) == 0.005);
}

TEST_CASE("Holm's first arm is held against its share of alpha", "[report]") {
  Plan plan = plan_of(3);
  plan.claim = claim_of("pooled", "holm");
  ComparisonDesign design = design_of(plan, 1);
  CHECK(design.alpha == Approx(0.01 / 3));
  CHECK(design.comparisons == 1);
  CHECK(compared_arms(plan) == 3);
  CHECK(alpha_of(plan) == 0.01);
}

TEST_CASE("a race proves the effect that its resolution names with the wanted chance", "[report]") {
  Plan plan = plan_of(1);
  plan.claim = claim_of("pooled", "dunnett");
  plan.claim->margin = 0.25;
  Race& race = plan.race.emplace();
  race.spending = "obrien_fleming";
  race.alpha = 0.05;
  race.looks = {{3}, {6}};
  calibrate(race, 1, 2, true);
  RaceResolution resolution = race_resolution(plan, 0.5, 0.8);
  CHECK(forecast(race, 2, resolution.effect, 4000).power == Approx(0.8).margin(0.04));
  CHECK(resolution.detectable == 0.25 + 0.5 * resolution.effect);
  CHECK(race_resolution(plan, 0.5, 0.5).effect < resolution.effect);
}
