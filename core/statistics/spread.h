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

/// Tells whether a pooled variance would mislead, by a p below 1%. An arm without any spread beside one that
/// has some decides at once: values that vary are never all the same by chance. Else, where
/// every arm has ten values or more, Brown and Forsythe's test decides, and Bartlett's with fewer: two arms
/// of five whose SDs differ tenfold are told by the former in 2% of cases and by the latter in 90%; of ten,
/// in 77% and 100%.
bool spreads_differ(std::span<const std::vector<double>> arms);

}  // namespace caddie
