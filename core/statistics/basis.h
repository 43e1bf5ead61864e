// SPDX-License-Identifier: Apache-2.0
// Least squares: what some columns explain of a response, and what only one of them does.
#pragma once

#include <cstddef>
#include <vector>

namespace caddie {

using Column = std::vector<double>;  // one number an observation

double dot(const Column& a, const Column& b);

/// An orthonormal basis that grows column by column.
class Basis {
 public:
  /// What of `column` lies outside the basis.
  Column outside(Column column) const;
  /// Columns that the basis holds already change nothing.
  void add(const Column& column);
  bool holds(const Column& column) const;
  size_t rank() const { return columns_.size(); }

 private:
  std::vector<Column> columns_;
};

}  // namespace caddie
