// SPDX-License-Identifier: Apache-2.0
// These summaries of seeds and tests of two arms tell a true difference from noise. A number that cannot be
// known (from one seed, or without spread) is NaN.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace caddie {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Summarizes the values of one arm, one for each seed.
struct Sample {
  int64_t n = 0;
  double mean = kUnknown;
  double sd = kUnknown;  // the standard deviation, with n - 1 as the divisor
  double sem() const;    // the standard error of the mean
};
/// Returns the summary of values. Where they differ by no more than rounding, the standard deviation is
/// exactly 0.
Sample summarize(std::span<const double> values);

/// Holds the variance within arms, estimated from all arms at once as in an analysis of variance.
struct PooledVariance {
  double variance = kUnknown;
  double df = 0;
};
/// Pools the variances of arms, weighted by their degrees of freedom; arms with fewer than 2 values do not
/// count.
PooledVariance pool(std::span<const Sample> arms);

/// Names the hypothesis that is to be shown: `both` that the difference is not 0, `less` that it lies below
/// -margin, `greater` that it lies above margin.
enum class Tail { both, less, greater };
/// Says what a test is to show of a difference.
struct Hypothesis {
  Tail tail = Tail::both;
  double margin = 0;         // the margin of a one-sided hypothesis, at least 0
  double confidence = 0.95;  // the confidence of the interval, which is always two-sided
};

/// Holds the outcome of one test.
struct Comparison {
  std::string test;
  double delta = kUnknown;  // arm - baseline
  double standard_error = kUnknown;
  double df = kUnknown;
  double t = kUnknown;  // beyond_margin(delta) / standard_error
  double p = kUnknown;
  double low = kUnknown, high = kUnknown;  // the ends of the confidence interval of delta
  /// Tells that there were runs enough for a test, but without any spread: the runs differ by delta, and how
  /// much of that is noise cannot be known.
  bool is_alike = false;

  /// Sets the interval to delta +- `critical` standard errors.
  void reach(double critical);
};

/// Runs Student's t-test with a variance that several arms share.
Comparison pooled_test(const Sample& arm, const Sample& baseline, const PooledVariance& pooled,
                       const Hypothesis& hypothesis);
/// Runs the t-test that allows for unequal variances, with Welch's (1947) less biased degrees of freedom,
/// (a + b)^2 / (a^2 / (f + 2) + b^2 / (g + 2)) - 2, where a and b are squared standard errors and f and g
/// their degrees of freedom. Satterthwaite's, without the twos, is too small on average and claims too
/// seldom: 3.5% at 3 seeds, 4.4% at 5 and alpha 5%. This one claims too often where seeds are few and SDs
/// unequal, so p is the welch_level() of Student's p: at most a share alpha of nulls has p < alpha, whatever
/// the two SDs are.
Comparison welch_test(const Sample& arm, const Sample& baseline, const Hypothesis& hypothesis);
/// Compares an arm with a number that has no noise.
Comparison one_sample_test(const Sample& arm, double target, const Hypothesis& hypothesis);
/// Tests the differences of pairs: runs of the same checkpoint, or of the same seed when that was declared
/// beforehand.
Comparison paired_test(std::span<const double> arm, std::span<const double> baseline,
                       const Hypothesis& hypothesis);

/// Returns Welch's degrees of freedom. `a` and `b` are squared standard errors, `n` and `m` the numbers of
/// seeds that they come from.
double welch_df(double a, double n, double b, double m);

/// Returns how far t lies on the side that counts.
double extremity(double t, Tail tail);

/// Returns a difference measured from the margin that it has to pass: delta + margin for Tail::less,
/// delta - margin for Tail::greater, delta itself for both.
double beyond_margin(double delta, const Hypothesis& hypothesis);

/// Tells whether a difference without noise is what a one-sided hypothesis asks for.
bool lies_beyond(double delta, const Hypothesis& hypothesis);

/// Returns the p of Student's t with `df` degrees of freedom under the null; NaN where t or df is unknown.
double p_of_t(double t, double df, Tail tail);

/// Returns the t (for two sides the |t|) beyond which a single result counts. It is above 0 for alpha < 0.5.
double critical_t(double df, double alpha, Tail tail);

}  // namespace caddie
