// SPDX-License-Identifier: Apache-2.0
// The arms of a sweep follow from what varies: which combinations of levels are run, and which is the
// baseline.
#pragma once

#include <string>
#include <vector>

#include "sweep/sweep_file.h"

namespace caddie {

/// Describes an arm before anything is known of the experiment that it makes.
struct Combination {
  /// This is a point's own label; else it is the levels ("+a -b bits=6") that are not the baseline level of
  /// their factor. Without any it is "baseline", or "base" where a point is the baseline.
  std::string label;
  std::string kind;    // "baseline", the design's kind, or "point"
  Levels levels = {};  // the arm's levels; empty for a point
  std::vector<std::string> overrides = {};
};

/// Returns all arms of a sweep, the baseline first. Throws Error (kUsage) when the design does not fit the
/// axes.
std::vector<Combination> combinations(const SweepFile& sweep);

/// Returns, as text, the effects that the design of a sweep cannot tell apart. Throws as combinations() does.
std::vector<std::string> aliases(const SweepFile& sweep);

}  // namespace caddie
