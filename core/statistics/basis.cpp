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
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
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
  if (holds(column)) return;
  Regressor rest = outside(column);
  double length = std::sqrt(dot(rest, rest));
  for (double& value : rest) value /= length;
  columns_.push_back(std::move(rest));
}

bool Basis::holds(const Regressor& column) const {
  Regressor rest = outside(column);
  return dot(rest, rest) <= kNothing * kNothing * dot(column, column);
}

}  // namespace caddie
