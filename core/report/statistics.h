// SPDX-License-Identifier: Apache-2.0
// Is it a difference or noise? Summaries of seeds, tests of differences, corrections for many arms, power.
// Wherever something cannot be known (one seed, no spread) the number is NaN.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace caddie {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct Sample {
  int64_t n = 0;
  double mean = kUnknown;
  double sd = kUnknown;  // of a sample: divided by n - 1
  double sem() const;    // sd / sqrt(n)
};
Sample summarize(std::span<const double> values);

/// The variance within arms, from all arms at once: the usual estimate of an analysis of variance.
struct PooledVariance {
  double variance = kUnknown;
  double df = 0;
};
PooledVariance pool(std::span<const Sample> arms);

/// The hypothesis that is to be shown. both: the difference is not 0. less: it lies below -margin.
/// greater: it lies above margin.
enum class Tail { both, less, greater };
struct Question {
  Tail tail = Tail::both;
  double margin = 0;         // of a one-sided question, at least 0
  double confidence = 0.95;  // of the interval, which is always two-sided
};

struct Comparison {
  std::string test;
  double delta = kUnknown;  // arm - baseline
  double standard_error = kUnknown;
  double df = kUnknown;
  double t = kUnknown;  // of delta +- margin
  double p = kUnknown;
  double low = kUnknown, high = kUnknown;  // confidence interval of delta
};

Comparison pooled_test(const Sample& arm, const Sample& baseline, const PooledVariance& pooled,
                       const Question& question);
/// Unequal variances, degrees of freedom after Welch and Satterthwaite.
Comparison welch_test(const Sample& arm, const Sample& baseline, const Question& question);
/// Against a number that has no noise.
Comparison one_sample_test(const Sample& arm, double target, const Question& question);
/// Differences of pairs: the same checkpoint, or the same seed when that was declared beforehand.
Comparison paired_test(std::span<const double> arm, std::span<const double> baseline,
                       const Question& question);

/// P of Student's t with `df` degrees of freedom under the null.
double p_of_t(double t, double df, Tail tail);

/// Holm's step-down adjustment; unknown ones stay unknown and do not count.
std::vector<double> holm(std::span<const double> p);

/// Arms compared with one baseline, all with the same variance: the joint distribution of Dunnett (1955).
class Dunnett {
 public:
  /// `arms`: seeds of each arm; `baseline`: of the baseline; `df`: of the pooled variance.
  Dunnett(std::span<const int64_t> arms, int64_t baseline, double df);
  /// Chance under the null that any arm has a statistic at least as extreme as `t`.
  double p(double t, Tail tail) const;
  /// The t that is exceeded with chance `alpha`; for two sides by |t|.
  double critical(double alpha, Tail tail) const;

 private:
  double inside(double limit, bool two_sided) const;
  struct Group {
    double common;  // share of the baseline's noise in the statistic
    int count;
  };
  std::vector<Group> groups_;
  double df_;
};

/// What is planned: arms with `seeds` runs each against a baseline with `baseline_seeds`, noise known to be
/// `sd`, tested with a pooled variance of `df` degrees of freedom.
struct Design {
  double seeds = 3, baseline_seeds = 3, df = 4, sd = 0;
  double alpha = 0.01;
  Tail tail = Tail::less;
  double standard_error() const;
};
/// Chance to find a true difference of size `effect` (beyond the margin).
double power_of(const Design& design, double effect);
/// The smallest difference that is found with chance `power`.
double detectable(const Design& design, double power);
/// The smallest observed difference that is significant.
double significant_delta(const Design& design);
/// Seeds an arm to find `effect` with chance `power`, with `arms` arms (the baseline included) that all get
/// as many and share one variance. At most 10000; 0 when that is not enough.
int64_t seeds_needed(double effect, double sd, int64_t arms, double alpha, double power, Tail tail);

}  // namespace caddie
