// SPDX-License-Identifier: Apache-2.0
// These functions say what the comparisons of a planned sweep could resolve, before any of its runs is paid
// for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "statistics/power.h"
#include "sweep/plan.h"

namespace caddie {

/// Returns the comparison of one arm, trained apart, with the baseline, as the plan makes it: with its seeds,
/// its claim's test and tail, corrected for all arms that are tested. `sd` is the standard deviation from
/// seed to seed.
ComparisonDesign design_of(const Plan& plan, double sd);

/// Returns how many arms are tested at once, so that alpha is the sweep's; 1 for a claim without a
/// correction.
int64_t compared_arms(const Plan& plan);

/// Returns the chance of a false claim that the plan accepts.
double alpha_of(const Plan& plan);

/// Returns the column of runs.csv that is tested.
std::string tested_metric(const Plan& plan);
/// Returns by how much an arm must be better in that column.
double claimed_margin(const Plan& plan);

/// Returns the comparison of an arm of the baseline's trainings with the baseline. `paired_sd` is the
/// standard deviation of the differences.
ComparisonDesign paired_design_of(const Plan& plan, double paired_sd);

/// Returns how many arms' variance the test of such a design pools.
int64_t pooled_arms(const Plan& plan, const ComparisonDesign& design);

/// Says what one kind of comparison of a plan resolves. All differences are those from the baseline, so they
/// include the claim's margin.
struct Resolution {
  double detectable = kUnknown;   // the smallest difference found with the wanted power
  double significant = kUnknown;  // the smallest observed difference that is significant
  double effect = kUnknown;       // the difference of interest
  // An arm needs this many seeds to find `effect` with the wanted power; 0 when 10,000 are too few, or
  // `effect` is within the margin.
  int64_t seeds = 0;
};
/// Returns what a design resolves with power `power`. `effect` is the difference of interest, of which
/// nothing up to the margin is ever found; 0 takes the middle between the margin and what is detectable. The
/// result is unknown where the design has no degrees of freedom.
Resolution resolution_of(const Plan& plan, const ComparisonDesign& design, double power, double effect);

/// Returns the smallest difference from the baseline that a design finds with power `power`.
double detectable_difference(const Plan& plan, const ComparisonDesign& design, double power);

/// Says what the race of a plan proves with some power.
struct RaceResolution {
  double effect = kUnknown;      // how far beyond the margin, in standard deviations from seed to seed
  double detectable = kUnknown;  // the difference from the baseline, so that it includes the claim's margin
};
/// `sd` is the standard deviation from seed to seed.
RaceResolution race_resolution(const Plan& plan, double sd, double power);

/// Tells whether the arm is compared with the baseline in pairs, as it comes from the baseline's trainings.
/// Returns false while the plan's groups are not known.
bool shares_training(const Plan& plan, const Arm& arm);
/// Returns the labels of the arms that shares_training() holds for.
std::vector<std::string> paired_arms(const Plan& plan);

}  // namespace caddie
