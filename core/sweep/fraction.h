// SPDX-License-Identifier: Apache-2.0
// Makes regular fractions of two-level factorial designs, and lists the effects that they confound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace caddie {

/// This is a two-level design of 2^(factors - p) rows of 0 and 1, with one column for each factor; the first
/// row is all 0.
struct Fraction {
  std::vector<std::vector<size_t>> rows;
  /// These are the words of the defining relation, the products of factors that are the same in every row, as
  /// bit masks: 0b1111 is ABCD.
  std::vector<uint32_t> words;
  int resolution = 0;  // the number of letters of the shortest word; 0 for a full design
};

/// Returns a fraction for 2 to 16 factors. `arms` is a power of two; 0 chooses the smallest that reaches
/// `resolution`. Among the designs of that size the one with the longest shortest word is taken. Throws Error
/// (kUsage) when the size cannot hold the factors or reach the resolution.
Fraction fraction(size_t factors, size_t arms, int resolution);

/// Returns the aliases among main effects and two-factor interactions, as text: "a = b*c*d", "a*b = c*d".
std::vector<std::string> aliases(const Fraction& fraction, const std::vector<std::string>& names);

}  // namespace caddie
