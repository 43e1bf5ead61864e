// SPDX-License-Identifier: Apache-2.0
// Least squares finds what some columns explain of a response, and what only one of them does.
#pragma once

#include <cstddef>
#include <vector>

namespace caddie {

using Regressor = std::vector<double>;  // has one number for each observation

double dot(const Regressor& a, const Regressor& b);

/// This is an orthonormal basis that grows column by column.
class Basis {
 public:
  /// Returns the part of `column` that is orthogonal to the basis.
  Regressor outside(Regressor column) const;
  /// Adds what lies outside the basis, normed to length 1. A column that the basis holds already changes
  /// nothing.
  void add(const Regressor& column);
  bool holds(const Regressor& column) const;
  size_t rank() const { return columns_.size(); }

 private:
  std::vector<Regressor> columns_;
};

}  // namespace caddie
