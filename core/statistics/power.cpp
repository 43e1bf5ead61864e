// SPDX-License-Identifier: Apache-2.0
// Power follows from the noncentral t distribution, or from simulated sweeps for several Welch tests.
#include "statistics/power.h"

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <cmath>
#include <vector>

#include "statistics/joint.h"
#include "statistics/welch_family.h"
#include "statistics/welch_level.h"

namespace caddie {
namespace {

namespace bm = boost::math;

/// Tells whether the noise of the design is known, without which there is no power.
bool is_known(const ComparisonDesign& design) { return design.df > 0 && design.sd > 0; }

/// Returns the chance that t lies beyond `limit` when its mean lies `shift` standard errors from the null.
double beyond(const ComparisonDesign& design, double limit, double shift) {
  if (shift > 30 + limit) return 1;
  bm::non_central_t distribution(design.df, shift);
  double chance = bm::cdf(bm::complement(distribution, limit));
  return design.tail == Tail::both ? chance + bm::cdf(distribution, -limit) : chance;
}

/// Tells whether there are several arms, each with an estimate of its own variance. With many seeds that
/// estimate is as good as the true variance, and their statistics have the distribution of Dunnett.
bool is_welch_family(const ComparisonDesign& design) {
  constexpr double kMany = 50;
  return design.own_variances && design.comparisons > 1 && design.seeds < kMany;
}

/// Returns, for each of some thousand simulated sweeps, the smallest difference that is found in it, in
/// rising order.
std::vector<double> found_from(const ComparisonDesign& design) {
  std::vector<int64_t> arms(static_cast<size_t>(design.comparisons), int64_t(design.seeds));
  WelchNulls nulls(arms, int64_t(design.baseline_seeds));
  std::vector<double> from = WelchFamily(nulls, design.alpha, design.tail).found_from();
  for (double& difference : from) difference *= design.sd;
  return from;
}

}  // namespace

double ComparisonDesign::standard_error() const { return sd * std::sqrt(1 / seeds + 1 / baseline_seeds); }

double ComparisonDesign::critical() const {
  double sides = tail == Tail::both ? 2 : 1;
  if (comparisons < 2 && own_variances)
    return critical_t(df, sides * welch_alpha(alpha / sides, seeds, baseline_seeds), tail);
  if (comparisons < 2) return critical_t(df, alpha, tail);
  std::vector<int64_t> arms(static_cast<size_t>(comparisons), int64_t(seeds));
  if (is_welch_family(*this))
    return WelchFamily(WelchNulls(arms, int64_t(baseline_seeds)), alpha, tail).critical(df, 1);
  return Dunnett(arms, baseline_seeds, df).critical(alpha, tail);
}

double power_of(const ComparisonDesign& design, double effect) {
  if (!is_known(design)) return kUnknown;
  if (is_welch_family(design)) {
    std::vector<double> from = found_from(design);
    auto found = std::upper_bound(from.begin(), from.end(), std::abs(effect)) - from.begin();
    return double(found) / double(from.size());
  }
  double shift = std::abs(effect) / design.standard_error(), limit = design.critical();
  if (shift == 0) return p_of_t(limit, design.df, design.tail == Tail::both ? Tail::both : Tail::greater);
  return beyond(design, limit, shift);
}

double detectable(const ComparisonDesign& design, double power) {
  if (!is_known(design)) return kUnknown;
  if (is_welch_family(design)) {
    std::vector<double> from = found_from(design);
    return from[std::min(from.size() - 1, size_t(power * double(from.size())))];
  }
  double limit = design.critical(), low = 0, high = 1;  // All of these are in standard errors.
  while (beyond(design, limit, high) < power && high < 1e6) high *= 2;
  for (int i = 0; i < 60; ++i) {
    double middle = 0.5 * (low + high);
    (beyond(design, limit, middle) < power ? low : high) = middle;
  }
  return 0.5 * (low + high) * design.standard_error();
}

double significant_delta(const ComparisonDesign& design) {
  return design.df > 0 ? design.critical() * design.standard_error() : kUnknown;
}

int64_t seeds_needed(ComparisonDesign design, double effect, double power, int64_t pooled_arms) {
  constexpr int64_t kMost = 10000;
  auto reached = [&](int64_t seeds) {
    design.seeds = double(seeds);
    if (std::isfinite(design.baseline_seeds)) design.baseline_seeds = design.seeds;
    design.df = double(pooled_arms * (seeds - 1));
    return power_of(design, effect) >= power;
  };
  int64_t low = 1, high = 2;
  while (!reached(high)) {
    if (high == kMost) return 0;
    low = high;
    high = std::min(2 * high, kMost);
  }
  while (high - low > 1) {
    int64_t middle = (low + high) / 2;
    (reached(middle) ? high : low) = middle;
  }
  return high;
}

ComparisonDesign EvenDesign::design() const {
  ComparisonDesign design;
  design.seeds = design.baseline_seeds = double(seeds);
  if (paired) design.baseline_seeds = HUGE_VAL;
  if (corrected) design.comparisons = arms - 1;
  design.df = double(pooled_arms() * (seeds - 1));
  design.sd = sd;
  design.alpha = alpha;
  design.tail = two_sided ? Tail::both : Tail::less;
  return design;
}

}  // namespace caddie
