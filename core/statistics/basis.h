// SPDX-License-Identifier: Apache-2.0
// An orthonormal basis splits a response into what some columns explain and the rest, as least squares does.
#pragma once

#include <cstddef>
#include <vector>

namespace caddie {

using Regressor = std::vector<double>;  // has one number for each observation

/// Returns the inner product of two columns of one length.
double dot(const Regressor& a, const Regressor& b);

/// This is an orthonormal basis that grows column by column.
class Basis {
 public:
  /// Returns the part of `column` that is orthogonal to the basis.
  Regressor outside(Regressor column) const;
  /// Adds what lies outside the basis, normed to length 1. A column that the basis holds already changes
  /// nothing.
  void add(const Regressor& column);
  /// Tells whether outside(column), which is `rest`, is nothing but rounding: the column is then a linear
  /// combination of those that were added.
  static bool is_nothing(const Regressor& rest, const Regressor& column);
  size_t rank() const { return columns_.size(); }

 private:
  std::vector<Regressor> columns_;
};

}  // namespace caddie
