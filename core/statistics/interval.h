// SPDX-License-Identifier: Apache-2.0
// This file gives the confidence interval of a standard deviation, and one-sided hypotheses with the
// intervals that agree with them.
#pragma once

#include "statistics/compare.h"

namespace caddie {

/// Holds the ends of a confidence interval.
struct Interval {
  double low = kUnknown, high = kUnknown;
};

/// Returns the 95 % confidence interval of the standard deviation of a normal population, from the chi
/// squared distribution. It is unknown for fewer than two values.
Interval interval_of_sd(const Sample& sample);

/// Returns the hypothesis that a difference lies beyond `margin` on one side, at level `alpha`. Both ends of
/// its interval leave out alpha, so that the interval excludes the margin when the answer is yes.
Hypothesis one_sided_hypothesis(Tail tail, double margin, double alpha);

}  // namespace caddie
