// SPDX-License-Identifier: Apache-2.0
// Main effects and interactions of factors with two levels: least squares over all finished runs.
#pragma once

#include <string>
#include <vector>

#include "report/ablation.h"

namespace caddie {

/// The mean change of val_bpb from a factor's first level to its second, over the levels of the others; of a
/// pair: half the change of one's effect that the other makes.
struct Effect {
  std::string name;  // "a", "a*b"
  double size = kUnknown, standard_error = kUnknown, p = kUnknown;
  std::string unknown = {};  // why there is no number
};

/// Main effects, then pairs, for the designs that support them (grid, fractional, random); empty for others
/// and when a factor has more than two levels. What the finished runs cannot tell apart has no size.
std::vector<Effect> effects(const Ablation& ablation);

/// Labels of the combinations that no finished run tells about: failed, not run yet, or left out.
std::vector<std::string> unknown_cells(const Ablation& ablation);

/// The effects as a table; empty text when there are none.
std::string effects_text(const Ablation& ablation);

}  // namespace caddie
