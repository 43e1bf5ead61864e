// SPDX-License-Identifier: Apache-2.0
// A test that pools the variance of several arms takes for granted that their variances are equal. These
// functions check that.
#pragma once

#include <span>
#include <vector>

#include "statistics/compare.h"

namespace caddie {

/// Returns the p of the hypothesis that all arms have the same variance: the test of Brown and Forsythe
/// (1974) on the distances from each arm's median, which is robust where scores are not normal. Arms with
/// fewer than two values do not count; NaN for fewer than two arms, or without any spread.
double brown_forsythe_p(std::span<const std::vector<double>> arms);

/// Returns the p of the same hypothesis by Bartlett's test (1937), which takes normal scores for granted and
/// is far more powerful at few seeds. Arms without any spread do not count.
double bartlett_p(std::span<const std::vector<double>> arms);

/// Tells whether a pooled variance would mislead, by a p below 1%. Where every arm has more than four values,
/// Brown and Forsythe's test decides; at three values it has next to no power whatever the variances are, so
/// with fewer Bartlett's decides.
bool spreads_differ(std::span<const std::vector<double>> arms);

}  // namespace caddie
