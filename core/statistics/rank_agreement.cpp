// SPDX-License-Identifier: Apache-2.0
// All pairs are looked at, as there are no more arms in a sweep than that takes a moment.
#include "statistics/rank_agreement.h"

#include <caddie/error.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <map>
#include <vector>

namespace caddie {
namespace {

/// Beyond so many things the normal approximation of a p near 0.05 is off by about 1% of it.
constexpr size_t kMostExact = 50;

int sign(double value) { return (value > 0) - (value < 0); }

/// Returns the chance that ranks of n things, all orders alike, have at most `discordant` discordant pairs.
double chance_of_at_most(int64_t discordant, size_t n) {
  // The n-th thing is discordant with 0 to n - 1 of those before it, each number as likely.
  std::vector<double> chances = {1};
  for (size_t things = 2; things <= n; ++things) {
    std::vector<double> next(chances.size() + things - 1, 0);
    for (size_t count = 0; count < chances.size(); ++count)
      for (size_t more = 0; more < things; ++more) next[count + more] += chances[count] / double(things);
    chances = std::move(next);
  }
  double sum = 0;
  for (size_t count = 0; count < chances.size() && int64_t(count) <= discordant; ++count)
    sum += chances[count];
  return sum;
}

/// Holds sums over the groups of equal values, of t values each, which the variance of tau depends on.
struct Ties {
  double pairs = 0, triples = 0, weighted = 0;  // the sums of t(t-1), t(t-1)(t-2) and t(t-1)(2t+5)
};

Ties ties_of(std::span<const double> values) {
  std::map<double, double> counts;
  for (double value : values) ++counts[value];
  Ties ties;
  for (const auto& [value, t] : counts) {
    ties.pairs += t * (t - 1);
    ties.triples += t * (t - 1) * (t - 2);
    ties.weighted += t * (t - 1) * (2 * t + 5);
  }
  return ties;
}

double approximate_p(const PairCounts& pairs, std::span<const double> a, std::span<const double> b) {
  auto n = double(a.size());
  Ties in_a = ties_of(a), in_b = ties_of(b);
  double variance = (n * (n - 1) * (2 * n + 5) - in_a.weighted - in_b.weighted) / 18 +
                    in_a.pairs * in_b.pairs / (2 * n * (n - 1));
  if (n > 2) variance += in_a.triples * in_b.triples / (9 * n * (n - 1) * (n - 2));
  double z = double(std::abs(pairs.concordant - pairs.discordant)) / std::sqrt(variance);
  return 2 * boost::math::cdf(boost::math::complement(boost::math::normal(), z));
}

}  // namespace

double PairCounts::tau_b() const {
  double scale = std::sqrt(double(pairs - tied_a) * double(pairs - tied_b));
  return scale > 0 ? double(concordant - discordant) / scale : kUnknown;
}

PairCounts count_pairs(std::span<const double> a, std::span<const double> b) {
  check(a.size() == b.size(), "{} values were to be ranked against {}; wanted as many", a.size(), b.size());
  PairCounts counts;
  for (size_t j = 1; j < a.size(); ++j)
    for (size_t i = 0; i < j; ++i) {
      int in_a = sign(a[i] - a[j]), in_b = sign(b[i] - b[j]);
      ++counts.pairs;
      counts.concordant += in_a * in_b > 0;
      counts.discordant += in_a * in_b < 0;
      counts.tied_a += in_a == 0;
      counts.tied_b += in_b == 0;
    }
  return counts;
}

double p_of_tau(std::span<const double> a, std::span<const double> b) {
  PairCounts pairs = count_pairs(a, b);
  if (!std::isfinite(pairs.tau_b())) return kUnknown;
  bool ties = pairs.tied_a > 0 || pairs.tied_b > 0;
  if (ties || a.size() > kMostExact) return approximate_p(pairs, a, b);
  return std::min(1.0, 2 * chance_of_at_most(std::min(pairs.concordant, pairs.discordant), a.size()));
}

TrueTau bounds_of_true_tau(size_t n, const SettledOrder& a, const SettledOrder& b) {
  TrueTau found;
  if (n < 2) return found;
  int64_t pairs = 0, agreeing = 0;
  for (size_t j = 1; j < n; ++j)
    for (size_t i = 0; i < j; ++i) {
      int both = a(i, j) * b(i, j);
      ++pairs;
      agreeing += both;
      found.settled += both != 0;
    }
  int64_t open = pairs - found.settled;
  found.interval = {double(agreeing - open) / double(pairs), double(agreeing + open) / double(pairs)};
  return found;
}

}  // namespace caddie
