// SPDX-License-Identifier: Apache-2.0
// A plan and its claim become a design of comparisons, from which power and differences are computed.
#include "report/resolution.h"

#include <algorithm>
#include <cmath>

#include "results/metrics.h"
#include "sweep/race_state.h"

namespace caddie {

int64_t compared_arms(const Plan& plan) {
  if (!plan.claim) return int64_t(plan.arms.size()) - 1;
  if (plan.claim->correction == "none") return 1;
  return std::count_if(plan.arms.begin(), plan.arms.end(),
                       [&](const Arm& arm) { return is_claimed(plan, arm); });
}

double alpha_of(const Plan& plan) { return plan.claim ? plan.claim->alpha : 0.05; }

std::string tested_metric(const Plan& plan) { return plan.claim ? claimed_metric(*plan.claim) : kBpb.name; }

double claimed_margin(const Plan& plan) { return plan.claim ? claimed_hypothesis(*plan.claim).margin : 0; }

ComparisonDesign design_of(const Plan& plan, double sd) {
  auto baseline = double(
      std::count_if(plan.runs.begin(), plan.runs.end(), [](const PlannedRun& run) { return run.arm == 0; }));
  ComparisonDesign design{double(plan.seeds.size()), baseline,
                          double(plan.runs.size()) - double(plan.arms.size()), sd};
  design.alpha = alpha_of(plan);
  design.tail = plan.claim ? Tail::less : Tail::both;
  design.comparisons = compared_arms(plan);
  if (plan.claim && plan.claim->correction == "holm") {
    // The first arm in Holm's order is held against its share of alpha.
    design.alpha /= double(std::max<int64_t>(1, design.comparisons));
    design.comparisons = 1;
  }
  if (plan.claim && plan.claim->test == "welch") {
    design.own_variances = true;
    design.df = std::min(design.seeds, baseline) < 2 ? 0 : design.seeds + baseline - 2;
  } else if (plan.claim && plan.claim->test != "pooled") {
    design.df = design.seeds - 1;
    if (plan.claim->test == "one_sample") design.baseline_seeds = HUGE_VAL;
  }
  return design;
}

ComparisonDesign paired_design_of(const Plan& plan, double paired_sd) {
  ComparisonDesign design = design_of(plan, paired_sd);
  design.baseline_seeds = HUGE_VAL;
  design.own_variances = false;
  design.df = design.seeds - 1;
  return design;
}

int64_t pooled_arms(const Plan& plan, const ComparisonDesign& design) {
  if (!std::isfinite(design.baseline_seeds)) return 1;
  return plan.claim && plan.claim->test == "welch" ? 2 : int64_t(plan.arms.size());
}

double detectable_difference(const Plan& plan, const ComparisonDesign& design, double power) {
  return claimed_margin(plan) + detectable(design, power);
}

Resolution resolution_of(const Plan& plan, const ComparisonDesign& design, double power, double effect) {
  Resolution r;
  if (!(design.df > 0)) return r;
  double margin = claimed_margin(plan);
  r.detectable = detectable_difference(plan, design, power);
  r.significant = margin + significant_delta(design);
  r.effect = effect > 0 ? effect : (margin + r.detectable) / 2;
  if (r.effect > margin) r.seeds = seeds_needed(design, r.effect - margin, power, pooled_arms(plan, design));
  return r;
}

RaceResolution race_resolution(const Plan& plan, double sd, double power) {
  double low = 0, high = 16;
  for (int i = 0; i < 10; ++i) {
    double middle = 0.5 * (low + high);
    (forecast(*plan.race, int64_t(plan.arms.size()), middle, 1000).power < power ? low : high) = middle;
  }
  return {high, claimed_margin(plan) + high * sd};
}

bool shares_training(const Plan& plan, const Arm& arm) {
  return !arm.is_baseline() && !arm.training.empty() && arm.training == plan.baseline().training;
}

std::vector<std::string> paired_arms(const Plan& plan) {
  std::vector<std::string> labels;
  for (const Arm& arm : plan.arms)
    if (shares_training(plan, arm)) labels.push_back(arm.label);
  return labels;
}

}  // namespace caddie
