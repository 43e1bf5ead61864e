// SPDX-License-Identifier: Apache-2.0
// The ratio of two totals over a population is estimated from a sample of it, such as bits per byte of a text
// from a part of the text.
#pragma once

#include <span>

#include "statistics/compare.h"

namespace caddie {

/// Holds an estimated ratio and how far it can be trusted.
struct RatioEstimate {
  double ratio = kUnknown;
  double standard_error = kUnknown;
  double low = kUnknown, high = kUnknown;  // the ends of the confidence interval
};

/// Estimates (sum of `above`) / (sum of `below`) over a population from a sample of its clusters i, which
/// hold the share `sampled` of it. Clusters must be independent: values that depend on each other belong in
/// one. The variance is the linearised one of the ratio between clusters, with the correction for a finite
/// population; the interval is Student's, with one degree of freedom less than clusters. Throws Error unless
/// there are as many sums above as below, and at least two. Source: Cochran, Sampling Techniques, 3rd edition
/// (1977), equation 6.13.
RatioEstimate estimate_ratio(std::span<const double> above, std::span<const double> below, double sampled,
                             double confidence = 0.95);

}  // namespace caddie
