// SPDX-License-Identifier: Apache-2.0
// Each test becomes a difference, a standard error and degrees of freedom, from which Student's t gives p.
#include "statistics/compare.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "statistics/welch_level.h"

namespace caddie {
namespace {

namespace bm = boost::math;

constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();

/// Sets the standard deviation to 0 where rounding of values as large as `scale` can explain it.
void drop_rounding(Sample& sample, double scale) {
  if (sample.sd <= kRounding * scale) sample.sd = 0;
}

double largest(std::span<const double> values) {
  double most = 0;
  for (double value : values) most = std::max(most, std::abs(value));
  return most;
}

Comparison compare(const char* test, double delta, double standard_error, double df,
                   const Hypothesis& hypothesis) {
  Comparison c{test, delta};
  bool known = std::isfinite(delta) && std::isfinite(standard_error) && standard_error > 0 && df > 0;
  c.is_alike = std::isfinite(delta) && standard_error == 0 && df > 0;
  if (!known) return c;
  c.standard_error = standard_error;
  c.df = df;
  c.t = beyond_margin(delta, hypothesis) / standard_error;
  c.p = p_of_t(c.t, df, hypothesis.tail);
  c.reach(critical_t(df, 1 - hypothesis.confidence, Tail::both));
  return c;
}

}  // namespace

double Sample::sem() const { return sd / std::sqrt(double(n)); }

Sample summarize(std::span<const double> values) {
  Sample sample{int64_t(values.size())};
  if (values.empty()) return sample;
  sample.mean = std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
  if (values.size() < 2) return sample;
  double squares = 0;
  for (double value : values) squares += (value - sample.mean) * (value - sample.mean);
  sample.sd = std::sqrt(squares / double(values.size() - 1));
  drop_rounding(sample, largest(values));
  return sample;
}

PooledVariance pool(std::span<const Sample> arms) {
  double squares = 0, df = 0;
  for (const Sample& arm : arms) {
    if (arm.n < 2) continue;
    squares += arm.sd * arm.sd * double(arm.n - 1);
    df += double(arm.n - 1);
  }
  return df > 0 ? PooledVariance{squares / df, df} : PooledVariance{};
}

void Comparison::reach(double critical) {
  low = delta - critical * standard_error;
  high = delta + critical * standard_error;
}

double welch_df(double a, double n, double b, double m) {
  return (a + b) * (a + b) / (a * a / (n + 1) + b * b / (m + 1)) - 2;
}

double extremity(double t, Tail tail) {
  return tail == Tail::both ? std::abs(t) : tail == Tail::less ? -t : t;
}

double beyond_margin(double delta, const Hypothesis& hypothesis) {
  double shift = hypothesis.tail == Tail::less      ? hypothesis.margin
                 : hypothesis.tail == Tail::greater ? -hypothesis.margin
                                                    : 0;
  return delta + shift;
}

bool lies_beyond(double delta, const Hypothesis& hypothesis) {
  return hypothesis.tail == Tail::less ? delta < -hypothesis.margin : delta > hypothesis.margin;
}

double p_of_t(double t, double df, Tail tail) {
  if (!std::isfinite(t) || !(df > 0)) return kUnknown;
  bm::students_t distribution(df);
  if (tail == Tail::less) return bm::cdf(distribution, t);
  if (tail == Tail::greater) return bm::cdf(bm::complement(distribution, t));
  return 2 * bm::cdf(bm::complement(distribution, std::abs(t)));
}

double critical_t(double df, double alpha, Tail tail) {
  return bm::quantile(bm::complement(bm::students_t(df), tail == Tail::both ? alpha / 2 : alpha));
}

Comparison pooled_test(const Sample& arm, const Sample& baseline, const PooledVariance& pooled,
                       const Hypothesis& hypothesis) {
  double error = std::sqrt(pooled.variance * (1 / double(arm.n) + 1 / double(baseline.n)));
  return compare("pooled", arm.mean - baseline.mean, error, pooled.df, hypothesis);
}

Comparison welch_test(const Sample& arm, const Sample& baseline, const Hypothesis& hypothesis) {
  double a = arm.sem() * arm.sem(), b = baseline.sem() * baseline.sem();
  auto n = double(arm.n), m = double(baseline.n);
  bool is_alike = a + b == 0;
  Comparison c = compare("welch", arm.mean - baseline.mean, std::sqrt(a + b),
                         is_alike ? n + m - 2 : welch_df(a, n, b, m), hypothesis);
  if (!std::isfinite(c.p)) return c;
  double sides = hypothesis.tail == Tail::both ? 2 : 1;
  double one_side = c.p / sides;
  if (one_side < 0.5) c.p = sides * std::min(0.5, welch_level(one_side, n, m));
  c.reach(critical_t(c.df, 2 * welch_alpha((1 - hypothesis.confidence) / 2, n, m), Tail::both));
  return c;
}

Comparison one_sample_test(const Sample& arm, double target, const Hypothesis& hypothesis) {
  return compare("one_sample", arm.mean - target, arm.sem(), double(arm.n - 1), hypothesis);
}

Comparison paired_test(std::span<const double> arm, std::span<const double> baseline,
                       const Hypothesis& hypothesis) {
  std::vector<double> differences;
  for (size_t i = 0; i < std::min(arm.size(), baseline.size()); ++i)
    differences.push_back(arm[i] - baseline[i]);
  Sample sample = summarize(differences);
  drop_rounding(sample, std::max(largest(arm), largest(baseline)));
  Comparison c = one_sample_test(sample, 0, hypothesis);
  c.test = "paired";
  return c;
}

}  // namespace caddie
