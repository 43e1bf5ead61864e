// SPDX-License-Identifier: Apache-2.0
// Dunnett's distribution is integrated numerically; that of paired differences comes from random rotations.
#include "statistics/joint.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

namespace caddie {
namespace {

namespace bm = boost::math;

double normal_cdf(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }

/// Draws a direction in `dimensions` dimensions, as many as there are seeds; each direction is as likely as
/// any other.
std::vector<double> random_direction(std::mt19937_64& random, size_t dimensions) {
  std::normal_distribution<double> normal;
  std::vector<double> direction(dimensions);
  double squares = 0;
  for (double& value : direction) {
    value = normal(random);
    squares += value * value;
  }
  for (double& value : direction) value /= std::sqrt(squares);
  return direction;
}

/// Returns Student's t of `n` values whose sum of squares is `squares`; the share `along`^2 of it is their
/// mean's.
double t_along(double along, double squares, size_t n) {
  return along * std::sqrt(double(n - 1) / std::max(squares - along * along, 1e-300));
}

}  // namespace

std::vector<double> adjusted(std::span<const double> p, bool step_down, const JointP& joint) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i)
    if (std::isfinite(p[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> result(p.begin(), p.end());
  std::vector<size_t> left = order;
  // From here on the joint p, which never falls along the order, is 1 to more digits than any table shows.
  constexpr double kAlmostOne = 1 - 1e-9;
  double largest = 0;
  for (size_t arm : order) {
    if (largest < kAlmostOne) largest = std::max({largest, p[arm], std::min(1.0, joint(arm, left))});
    result[arm] = largest;
    if (step_down) left.erase(left.begin());
  }
  return result;
}

std::vector<double> holm(std::span<const double> p) {
  return adjusted(
      p, true, [&](size_t arm, const std::vector<size_t>& among) { return p[arm] * double(among.size()); });
}

JointP independent(std::span<const double> p) {
  return [p](size_t arm, const std::vector<size_t>& among) {
    return -std::expm1(double(among.size()) * std::log1p(-p[arm]));
  };
}

Dunnett::Dunnett(std::span<const int64_t> arms, double baseline, double df) : df_(df) {
  std::map<int64_t, int> counts;
  for (int64_t seeds : arms) ++counts[seeds];
  for (auto [seeds, count] : counts)
    groups_.push_back({std::sqrt(double(seeds) / (double(seeds) + baseline)), count});
}

/// Returns the chance that all statistics lie below `limit`, or in [-limit, limit]: an integral over the
/// baseline's noise z within one over the estimated standard deviation s, in units of the true one.
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
  return std::clamp(1 - inside(extremity(t, tail), tail == Tail::both), 0.0, 1.0);
}

double Dunnett::critical(double alpha, Tail tail) const {
  if (groups_.empty() || !(df_ > 0)) return kUnknown;
  bool two_sided = tail == Tail::both;
  int arms = 0;
  for (const Group& group : groups_) arms += group.count;
  // The value lies between that for one arm and Bonferroni's.
  double low = critical_t(df_, std::min(0.5, alpha), two_sided ? Tail::both : Tail::greater);
  double high = critical_t(df_, alpha / std::max(1, arms), two_sided ? Tail::both : Tail::greater) + 1e-9;
  if (arms < 2) return 0.5 * (low + high);
  uintmax_t steps = 30;
  auto miss = [&](double t) { return inside(t, two_sided) - (1 - alpha); };
  // At few degrees of freedom the integral's error can exceed the distance between the two.
  if (miss(low) >= 0) return low;
  if (miss(high) <= 0) return high;
  auto [below, above] =
      bm::tools::toms748_solve(miss, low, high, bm::tools::eps_tolerance<double>(32), steps);
  return 0.5 * (below + above);
}

Rotations::Rotations(std::span<const std::vector<double>> differences, Tail tail, int turns) {
  size_t seeds = differences.empty() ? 0 : differences[0].size();
  auto along = [&](const std::vector<double>& values, std::span<const double> direction) {
    return std::inner_product(values.begin(), values.end(), direction.begin(), 0.0);
  };
  std::vector<double> squares, flat(seeds, 1 / std::sqrt(double(seeds)));
  for (const std::vector<double>& values : differences) {
    squares.push_back(along(values, values));
    observed_.push_back(extremity(t_along(along(values, flat), squares.back(), seeds), tail));
  }
  if (seeds < 2) return;
  extremes_.reserve(size_t(turns) * differences.size());
  std::mt19937_64 random(1);
  for (int turn = 0; turn < turns; ++turn) {
    std::vector<double> direction = random_direction(random, seeds);
    for (size_t arm = 0; arm < differences.size(); ++arm)
      extremes_.push_back(
          float(extremity(t_along(along(differences[arm], direction), squares[arm], seeds), tail)));
  }
}

size_t Rotations::turns() const { return observed_.empty() ? 0 : extremes_.size() / observed_.size(); }

double Rotations::p(size_t arm, const std::vector<size_t>& among) const {
  size_t beyond = 1;
  for (size_t turn = 0; turn < turns(); ++turn) {
    const float* of_turn = extremes_.data() + turn * observed_.size();
    beyond += std::any_of(among.begin(), among.end(),
                          [&](size_t other) { return double(of_turn[other]) >= observed_[arm]; });
  }
  return double(beyond) / double(turns() + 1);
}

double Rotations::critical(double alpha) const {
  if (extremes_.empty()) return kUnknown;
  std::vector<float> largest;
  for (auto of_turn = extremes_.begin(); of_turn != extremes_.end(); of_turn += long(observed_.size()))
    largest.push_back(*std::max_element(of_turn, of_turn + long(observed_.size())));
  auto rank = size_t(std::ceil((1 - alpha) * double(largest.size() + 1))) - 1;
  rank = std::min(rank, largest.size() - 1);
  std::nth_element(largest.begin(), largest.begin() + long(rank), largest.end());
  return double(largest[rank]);
}

}  // namespace caddie
