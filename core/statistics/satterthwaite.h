// SPDX-License-Identifier: Apache-2.0
// Welch's test as textbooks, SciPy and R have it, which rules of contests name.
#pragma once

#include "statistics/compare.h"

namespace caddie {

/// Runs the t-test that allows for unequal variances, with Satterthwaite's degrees of freedom,
/// (a + b)^2 / (a^2 / f + b^2 / g), where a and b are squared standard errors and f and g their degrees of
/// freedom. p is Student's, as scipy.stats.ttest_ind(equal_var=False) and R's t.test give it; welch_test() is
/// nearer to the alpha that is asked for. Samples of 2 at least; unknown where neither has any spread.
Comparison satterthwaite_test(const Sample& arm, const Sample& baseline, const Hypothesis& hypothesis);

}  // namespace caddie
