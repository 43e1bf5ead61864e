// SPDX-License-Identifier: Apache-2.0
#include "report/statistics.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <map>
#include <numeric>

namespace caddie {
namespace {

namespace bm = boost::math;

double normal_cdf(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }

Comparison compare(const char* test, double delta, double standard_error, double df,
                   const Question& question) {
  Comparison c{test, delta};
  bool known = std::isfinite(delta) && std::isfinite(standard_error) && standard_error > 0 && df > 0;
  if (!known) return c;
  c.standard_error = standard_error;
  c.df = df;
  double shift = question.tail == Tail::less      ? question.margin
                 : question.tail == Tail::greater ? -question.margin
                                                  : 0;
  c.t = (delta + shift) / standard_error;
  c.p = p_of_t(c.t, df, question.tail);
  double reach = bm::quantile(bm::students_t(df), 0.5 + question.confidence / 2) * standard_error;
  c.low = delta - reach;
  c.high = delta + reach;
  return c;
}

/// The t beyond which a result counts.
double critical_t(double df, double alpha, Tail tail) {
  return bm::quantile(bm::complement(bm::students_t(df), tail == Tail::both ? alpha / 2 : alpha));
}

/// The argument in [low, high] where the rising function reaches `target`.
template <class F>
double where_reached(const F& rising, double target, double low, double high) {
  for (int i = 0; i < 100; ++i) {
    double middle = 0.5 * (low + high);
    (rising(middle) < target ? low : high) = middle;
  }
  return 0.5 * (low + high);
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

double p_of_t(double t, double df, Tail tail) {
  if (!std::isfinite(t) || !(df > 0)) return kUnknown;
  bm::students_t distribution(df);
  if (tail == Tail::less) return bm::cdf(distribution, t);
  if (tail == Tail::greater) return bm::cdf(bm::complement(distribution, t));
  return 2 * bm::cdf(bm::complement(distribution, std::abs(t)));
}

Comparison pooled_test(const Sample& arm, const Sample& baseline, const PooledVariance& pooled,
                       const Question& question) {
  double error = std::sqrt(pooled.variance * (1 / double(arm.n) + 1 / double(baseline.n)));
  return compare("pooled", arm.mean - baseline.mean, error, pooled.df, question);
}

Comparison welch_test(const Sample& arm, const Sample& baseline, const Question& question) {
  double a = arm.sem() * arm.sem(), b = baseline.sem() * baseline.sem();
  double df = (a + b) * (a + b) / (a * a / double(arm.n - 1) + b * b / double(baseline.n - 1));
  return compare("welch", arm.mean - baseline.mean, std::sqrt(a + b), df, question);
}

Comparison one_sample_test(const Sample& arm, double target, const Question& question) {
  return compare("one_sample", arm.mean - target, arm.sem(), double(arm.n - 1), question);
}

Comparison paired_test(std::span<const double> arm, std::span<const double> baseline,
                       const Question& question) {
  std::vector<double> differences;
  for (size_t i = 0; i < std::min(arm.size(), baseline.size()); ++i)
    differences.push_back(arm[i] - baseline[i]);
  Comparison c = one_sample_test(summarize(differences), 0, question);
  c.test = "paired";
  return c;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i)
    if (std::isfinite(p[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.begin(), p.end());
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, std::min(1.0, p[order[rank]] * double(order.size() - rank)));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

Dunnett::Dunnett(std::span<const int64_t> arms, int64_t baseline, double df) : df_(df) {
  std::map<int64_t, int> counts;
  for (int64_t seeds : arms) ++counts[seeds];
  for (auto [seeds, count] : counts)
    groups_.push_back({std::sqrt(double(seeds) / double(seeds + baseline)), count});
}

/// Chance that all statistics lie below `limit`, or in [-limit, limit]: an integral over the baseline's noise
/// z within one over the estimated standard deviation s, in units of the true one.
double Dunnett::inside(double limit, bool two_sided) const {
  using Outer = bm::quadrature::gauss<double, 60>;
  bm::chi_squared chi(df_);
  auto given_noise = [&](double s, double z) {
    double product = 1;
    for (const Group& group : groups_) {
      double own = std::sqrt(1 - group.common * group.common);
      double chance = normal_cdf((limit * s + group.common * z) / own);
      if (two_sided) chance -= normal_cdf((-limit * s + group.common * z) / own);
      product *= std::pow(std::max(0.0, chance), group.count);
    }
    return product;
  };
  auto given_sd = [&](double s) {
    // The trapezoid rule is exact to rounding for such smooth integrands that die out on both sides.
    constexpr double kStep = 0.1, kEnd = 8;
    double sum = 0;
    for (double z = -kEnd; z <= kEnd + kStep / 2; z += kStep) sum += std::exp(-z * z / 2) * given_noise(s, z);
    return sum * kStep / std::sqrt(2 * M_PI);
  };
  auto density = [&](double s) { return 2 * df_ * s * bm::pdf(chi, df_ * s * s); };
  double low = std::sqrt(bm::quantile(chi, 1e-12) / df_);
  double high = std::sqrt(bm::quantile(bm::complement(chi, 1e-12)) / df_);
  return Outer::integrate([&](double s) { return density(s) * given_sd(s); }, low, high);
}

double Dunnett::p(double t, Tail tail) const {
  if (!std::isfinite(t) || groups_.empty() || !(df_ > 0)) return kUnknown;
  bool two_sided = tail == Tail::both;
  double limit = two_sided ? std::abs(t) : tail == Tail::less ? -t : t;
  return std::clamp(1 - inside(limit, two_sided), 0.0, 1.0);
}

double Dunnett::critical(double alpha, Tail tail) const {
  if (groups_.empty() || !(df_ > 0)) return kUnknown;
  bool two_sided = tail == Tail::both;
  int arms = 0;
  for (const Group& group : groups_) arms += group.count;
  // Between the value for one arm and Bonferroni's.
  double low = critical_t(df_, std::min(0.5, alpha), two_sided ? Tail::both : Tail::greater);
  double high = critical_t(df_, alpha / std::max(1, arms), two_sided ? Tail::both : Tail::greater) + 1e-9;
  for (int i = 0; i < 30; ++i) {
    double middle = 0.5 * (low + high);
    (inside(middle, two_sided) < 1 - alpha ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double Design::standard_error() const { return sd * std::sqrt(1 / seeds + 1 / baseline_seeds); }

double power_of(const Design& design, double effect) {
  if (!(design.df > 0) || !(design.sd > 0)) return kUnknown;
  double limit = critical_t(design.df, design.alpha, design.tail);
  double shift = std::abs(effect) / design.standard_error();
  if (shift == 0) return design.alpha;
  if (shift > 30 + limit) return 1;
  bm::non_central_t distribution(design.df, shift);
  double power = bm::cdf(bm::complement(distribution, limit));
  if (design.tail == Tail::both) power += bm::cdf(distribution, -limit);
  return power;
}

double detectable(const Design& design, double power) {
  if (!(design.df > 0) || !(design.sd > 0)) return kUnknown;
  auto rising = [&](double effect) { return power_of(design, effect); };
  double high = design.standard_error();
  while (rising(high) < power && high < 1e6 * design.standard_error()) high *= 2;
  return where_reached(rising, power, 0, high);
}

double significant_delta(const Design& design) {
  if (!(design.df > 0)) return kUnknown;
  return critical_t(design.df, design.alpha, design.tail) * design.standard_error();
}

int64_t seeds_needed(double effect, double sd, int64_t arms, double alpha, double power, Tail tail) {
  constexpr int64_t kMost = 10000;
  auto reached = [&](int64_t seeds) {
    double n = double(seeds);
    return power_of({n, n, double(arms) * (n - 1), sd, alpha, tail}, effect) >= power;
  };
  int64_t low = 1, high = 2;
  while (high <= kMost && !reached(high)) {
    low = high;
    high *= 2;
  }
  if (high > kMost) return 0;
  while (high - low > 1) {
    int64_t middle = (low + high) / 2;
    (reached(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace caddie
