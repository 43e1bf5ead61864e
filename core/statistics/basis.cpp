// SPDX-License-Identifier: Apache-2.0
// Columns are made orthogonal one after the other (Gram-Schmidt), in two passes because of rounding.
#include "statistics/basis.h"

#include <cmath>
#include <numeric>

namespace caddie {
namespace {

/// A part of a column that is shorter than this share of the column's length is rounding.
constexpr double kNothing = 1e-8;

}  // namespace

double dot(const Regressor& a, const Regressor& b) {
  // Sums side by side need not wait for each other's additions.
  constexpr size_t kSums = 8;
  double sums[kSums] = {}, rest = 0;
  size_t whole = a.size() / kSums * kSums;
  for (size_t i = 0; i < whole; i += kSums)
    for (size_t k = 0; k < kSums; ++k) sums[k] += a[i + k] * b[i + k];
  for (size_t i = whole; i < a.size(); ++i) rest += a[i] * b[i];
  return std::accumulate(std::begin(sums), std::end(sums), rest);
}

Regressor Basis::outside(Regressor column) const {
  for (int pass = 0; pass < 2; ++pass)  // The second pass removes what rounding left.
    for (const Regressor& base : columns_) {
      double share = dot(column, base);
      for (size_t i = 0; i < column.size(); ++i) column[i] -= share * base[i];
    }
  return column;
}

void Basis::add(const Regressor& column) {
  Regressor rest = outside(column);
  if (is_nothing(rest, column)) return;
  double length = std::sqrt(dot(rest, rest));
  for (double& value : rest) value /= length;
  columns_.push_back(std::move(rest));
}

bool Basis::is_nothing(const Regressor& rest, const Regressor& column) {
  return dot(rest, rest) <= kNothing * kNothing * dot(column, column);
}

}  // namespace caddie
