// SPDX-License-Identifier: Apache-2.0
// A race is a group sequential test: seeds are added look by look until each arm's claim is proved, refuted,
// or out of seeds. The chance of a false claim is spent over the looks (Lan and DeMets 1983), so that all
// looks and arms together keep alpha.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statistics/compare.h"

namespace caddie {

/// A look is an interim analysis, which is held when each arm has had so many seeds.
struct Look {
  int64_t seeds = 0;
  double proved_at = 0;   // the one-sided p at or below which the claim is proved
  double refuted_at = 1;  // the p at or above which the claim is given up

  template <class Fields>
  void fields(Fields& f);
};

/// This is a race as it is frozen in the plan.
struct Race {
  std::string spending;  // "obrien_fleming" or "pocock"
  double alpha = 0.01;   // the chance of a false claim in the whole race
  double futility = 0;   // the chance to be proved by the last look below which an arm is given up
  std::vector<Look> looks;

  template <class Fields>
  void fields(Fields& f);
};

/// Returns the share of alpha that is spent when `information`, the share of the seeds, is in: O'Brien and
/// Fleming's keeps nearly all for the end, Pocock's gives early looks their share.
double spent(std::string_view spending, double alpha, double information);

/// Fills the levels of `race`, whose other members are set. Levels are those of the joint null distribution
/// of `claimed` arms among `arms` (the baseline included) whose variance is pooled, found by simulation;
/// equal arguments give equal levels. They hold whether or not futile arms are given up. With `jointly` off
/// each arm keeps alpha for itself. Futility is the predictive power under a flat prior.
void calibrate(Race& race, int64_t claimed, int64_t arms, bool jointly);

/// Holds what is known of an arm: a score for each seed, NaN where its run is not finished.
struct ArmScores {
  std::vector<double> scores;
  bool claimed = false;
  int64_t failed_at = INT64_MAX;  // the index of the first seed whose run failed
};

enum class RaceEnd { open, proved, refuted, undecided };
std::string_view name_of(RaceEnd end);

/// Says how an arm stands after the looks that were held.
struct Standing {
  RaceEnd end = RaceEnd::open;
  int64_t seeds = 0;  // the seeds at the last look that the arm took part in
  // Its interval is a repeated confidence interval, which holds at every look and for all arms together: it
  // misses on each side with chance alpha at most.
  Comparison at_look;
  bool wants_seeds = false;  // whether the arm takes part in the next look
};

/// Returns how the race stands. The first arm is the baseline; a look is held when it and every arm that is
/// still in the race have finished its seeds, and counts these alone, so that the outcome depends neither on
/// the order of runs nor on interruptions. An arm with a failed run is left out until that is mended.
std::vector<Standing> stand(const Race& race, const Hypothesis& hypothesis, std::span<const ArmScores> arms);

/// Says what a race of `arms`, the baseline included, is expected to do when one arm is better by `effect`
/// standard deviations and the others are as good as the baseline.
struct RaceForecast {
  double power = 0;       // the chance that the better arm is proved
  double mean_seeds = 0;  // the seeds of an arm that is no better
};
RaceForecast forecast(const Race& race, int64_t arms, double effect, int sweeps = 4000);

}  // namespace caddie
