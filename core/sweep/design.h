// SPDX-License-Identifier: Apache-2.0
// From what varies to the arms of a sweep: which combinations of levels are run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sweep/sweep_file.h"

namespace caddie {

/// One combination, before anything is known of the experiment that it makes.
struct Combination {
  std::string label;                // differences from the baseline: "+a -b bits=6"; "baseline"
  std::string kind;                 // "baseline", the design's kind, or "point"
  std::vector<size_t> levels = {};  // one a factor; empty for a point
  std::vector<std::string> overrides = {};
};

/// All combinations, the baseline first. Throws Error(2) when the design does not fit the axes.
std::vector<Combination> combinations(const SweepFile& sweep);

/// A two-level design in 2^(factors - p) rows of 0 and 1; the first row is all 0.
struct Fraction {
  std::vector<std::vector<size_t>> rows;
  /// Products of factors that no row tells apart from the identity, as bit masks: 0b1111 is ABCD.
  std::vector<uint32_t> words;
  int resolution = 0;  // letters of the shortest word; 0 for a full design
};

/// `arms` is a power of two; 0 chooses the smallest that reaches `resolution`. Among the designs of that size
/// the one with the longest shortest word is taken. Throws Error(2) when the size cannot hold the factors or
/// reach the resolution. At most 16 factors.
Fraction fraction(size_t factors, size_t arms, int resolution);

/// What cannot be told apart among main effects and pairs, as text: "a = b*c*d", "a*b = c*d".
std::vector<std::string> aliases(const Fraction& fraction, const std::vector<std::string>& names);

}  // namespace caddie
