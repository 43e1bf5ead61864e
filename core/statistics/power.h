// SPDX-License-Identifier: Apache-2.0
// These functions say what a design can show before it is paid for: its power, the smallest difference that
// it finds, and the seeds that a smaller one needs.
#pragma once

#include <cstdint>

#include "statistics/compare.h"

namespace caddie {

/// Describes a planned comparison: arms with `seeds` runs each against a baseline with `baseline_seeds`. For
/// a comparison in pairs or with a fixed number `baseline_seeds` is infinite, and `sd` is that of the
/// differences, or of the arm.
struct ComparisonDesign {
  double seeds = 3, baseline_seeds = 3;
  double df = 4;  // the degrees of freedom of the variance that the test uses
  double sd = 0;  // the true standard deviation from seed to seed
  double alpha = 0.01;
  Tail tail = Tail::less;
  int64_t comparisons = 1;     // the number of arms that are tested at once, so that alpha is the sweep's
  bool own_variances = false;  // whether the test is Welch's; `df` is then that of the arm and the baseline
  double standard_error() const;
  /// Returns the t beyond which a result is significant.
  double critical() const;
};
/// Returns the chance to find a true difference of size `effect` (beyond the margin); NaN where `df` or `sd`
/// is 0.
double power_of(const ComparisonDesign& design, double effect);
/// Returns the smallest true difference that is found with chance `power`; NaN where `df` or `sd` is 0.
double detectable(const ComparisonDesign& design, double power);
/// Returns the smallest observed difference that is significant; NaN where `df` is 0.
double significant_delta(const ComparisonDesign& design);
/// Returns how many seeds of each arm the same design needs to find `effect` with chance `power`, where the
/// variance is pooled over `pooled_arms`; 0 where 10,000 seeds are not enough.
int64_t seeds_needed(ComparisonDesign design, double effect, double power, int64_t pooled_arms);

/// Plans arms that all have the same number of seeds, the baseline included.
struct EvenDesign {
  int64_t seeds = 3, arms = 2;
  double sd = 0;  // the standard deviation from seed to seed, or of the differences of pairs
  double alpha = 0.01;
  bool paired = false;     // whether runs come in pairs, so that each arm has a variance of its own
  bool corrected = false;  // whether alpha is the chance of a false claim in all arms together
  bool two_sided = false;

  /// Returns the number of arms whose variance is pooled.
  int64_t pooled_arms() const { return paired ? 1 : arms; }
  ComparisonDesign design() const;
};

}  // namespace caddie
