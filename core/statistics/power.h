// SPDX-License-Identifier: Apache-2.0
// What a design can show, before it is paid for: power, the smallest difference, the seeds for a smaller one.
#pragma once

#include <cstdint>

#include "statistics/compare.h"

namespace caddie {

/// What is planned: arms with `seeds` runs each against a baseline with `baseline_seeds`. For a comparison in
/// pairs or with a fixed number `baseline_seeds` is infinite, `sd` is that of the differences, or of the arm.
struct ComparisonDesign {
  double seeds = 3, baseline_seeds = 3;
  double df = 4;  // of the variance that the test uses
  double sd = 0;  // true standard deviation from seed to seed
  double alpha = 0.01;
  Tail tail = Tail::less;
  int64_t comparisons = 1;     // arms that are tested at once, so that alpha is the sweep's
  bool own_variances = false;  // Welch's test; `df` is then that of the arm and the baseline
  double standard_error() const;
  /// The t beyond which a result is significant.
  double critical() const;
};
/// Chance to find a true difference of size `effect` (beyond the margin).
double power_of(const ComparisonDesign& design, double effect);
/// The smallest difference that is found with chance `power`.
double detectable(const ComparisonDesign& design, double power);
/// The smallest observed difference that is significant.
double significant_delta(const ComparisonDesign& design);
/// Seeds an arm with which the same design finds `effect` with chance `power`, where the variance is pooled
/// over `pooled_arms`. At most 10000; 0 when that is not enough.
int64_t seeds_needed(ComparisonDesign design, double effect, double power, int64_t pooled_arms);

/// Arms with the same number of seeds each, the baseline included.
struct EvenDesign {
  int64_t seeds = 3, arms = 2;
  double sd = 0;  // from seed to seed, or of the differences of pairs
  double alpha = 0.01;
  bool paired = false;     // runs come in pairs, so that each arm has a variance of its own
  bool corrected = false;  // alpha is that of all arms together
  bool two_sided = false;

  /// Arms whose variance is pooled.
  int64_t pooled_arms() const { return paired ? 1 : arms; }
  ComparisonDesign design() const;
};

}  // namespace caddie
