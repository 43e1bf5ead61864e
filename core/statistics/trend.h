// SPDX-License-Identifier: Apache-2.0
// A trend is the slope that several groups of measurements have in common, each around a level of its own.
#pragma once

#include <cstddef>
#include <span>

#include "statistics/compare.h"

namespace caddie {

/// Holds one measurement y at x, of one of the groups.
struct Measurement {
  size_t group = 0;
  double x = 0, y = 0;
};

/// Holds the slope that groups have in common.
struct Trend {
  double slope = kUnknown;  // in units of y for each unit of x
  double df = kUnknown;
  double p = kUnknown;                     // the two-sided p of no slope
  double low = kUnknown, high = kUnknown;  // the ends of the 95 % confidence interval of the slope
};

/// Returns the least squares slope of y = level of the group + slope x, with errors of one variance, as an
/// analysis of covariance has it. Its t has as many degrees of freedom as there are measurements, less the
/// groups and one. All is unknown where none is left, or where x is the same within every group; p and the
/// interval are unknown where the measurements lie on their lines.
Trend common_trend(std::span<const Measurement> measurements);

}  // namespace caddie
