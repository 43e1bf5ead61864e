// SPDX-License-Identifier: Apache-2.0
// Least squares: what some columns explain of a response, and what only one of them does.
#pragma once

#include <cstddef>
#include <vector>

namespace caddie {

using Regressor = std::vector<double>;  // one number an observation

double dot(const Regressor& a, const Regressor& b);

/// An orthonormal basis that grows column by column.
class Basis {
 public:
  /// What of `column` lies outside the basis.
  Regressor outside(Regressor column) const;
  /// Columns that the basis holds already change nothing.
  void add(const Regressor& column);
  bool holds(const Regressor& column) const;
  size_t rank() const { return columns_.size(); }

 private:
  std::vector<Regressor> columns_;
};

}  // namespace caddie
