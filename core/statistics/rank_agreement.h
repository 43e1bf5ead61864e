// SPDX-License-Identifier: Apache-2.0
// Two measurements of the same things agree in their ranks as far as they order pairs of them alike.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "statistics/compare.h"
#include "statistics/interval.h"

namespace caddie {

/// Counts pairs of things by how two measurements order them.
struct PairCounts {
  int64_t pairs = 0;  // all of them, n (n - 1) / 2
  int64_t concordant = 0, discordant = 0;
  int64_t tied_a = 0, tied_b = 0;  // the pairs that are equal in a measurement; some may be so in both

  /// Returns Kendall's tau-b, (concordant - discordant) / sqrt((pairs - tied_a) (pairs - tied_b)), from -1
  /// for opposite ranks to 1 for equal ones; NaN where all are equal in one measurement.
  double tau_b() const;
};

/// Counts the pairs of things, of which thing i was measured as a[i] and b[i]. Throws Error unless both have
/// as many values.
PairCounts count_pairs(std::span<const double> a, std::span<const double> b);

/// Returns the two-sided p of Kendall's tau-b under independent ranks: exact, from the distribution of the
/// number of discordant pairs (Kendall 1938), for up to 50 things of which none are tied; else by the normal
/// approximation with the variance for ties (Kendall, Rank Correlation Methods, 1970, section 4). NaN where
/// tau is unknown.
double p_of_tau(std::span<const double> a, std::span<const double> b);

/// Tells which of two things is truly larger, as far as a measurement settles it: 1 for the first, -1 for the
/// second, 0 where noise leaves it open.
using SettledOrder = std::function<int(size_t first, size_t second)>;

/// Holds the interval of the tau of n things' true values, and how many pairs are behind it.
struct TrueTau {
  Interval interval;
  int64_t settled = 0;  // the pairs whose order both measurements settle
};

/// Returns bounds of Kendall's tau of the true values of n things, none of them equal. Pairs that `a` and `b`
/// both settle count as they are ordered, all others as if their orders agreed for the upper end, and
/// disagreed for the lower one. Where all that is settled is right with confidence c, the interval holds
/// the tau of the true values with confidence c at least. Unknown for n < 2.
TrueTau bounds_of_true_tau(size_t n, const SettledOrder& a, const SettledOrder& b);

}  // namespace caddie
