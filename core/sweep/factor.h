// SPDX-License-Identifier: Apache-2.0
// Factors are what varies in a sweep, and an arm is a choice of one level of each.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace caddie {

/// This is one choice of a factor. Its overrides set ("path=value") or remove ("~path") settings of the base
/// experiment.
struct Level {
  std::string label;  // how an arm at this level reads: "+hash", "-hash", "bits=6"
  std::vector<std::string> overrides;
};

/// This is something that varies. Its baseline level is what "nothing changed" means for it.
struct Factor {
  std::string name;     // the name of the technique, the key or the slot
  bool toggle = false;  // whether its levels are off and on
  std::vector<Level> levels;
  size_t baseline = 0;
  /// This is the base experiment's value when no level has it; the sweep then has to name its baseline.
  std::string unlisted_base = {};
};

/// An arm is the index of a level of each factor.
using Levels = std::vector<size_t>;

/// Returns the arm in which every factor is at its baseline level.
Levels baseline_levels(std::span<const Factor> factors);

/// Returns the level that is not the baseline, for designs that switch. Throws Error (kUsage) unless the
/// factor has two.
size_t other_level(const Factor& factor);

/// Returns the arms that differ from the baseline in one factor: one for each other level of each factor.
std::vector<Levels> one_factor_at_a_time(std::span<const Factor> factors);

}  // namespace caddie
