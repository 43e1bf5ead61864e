// SPDX-License-Identifier: Apache-2.0
// Main effects of factors and their interactions are found by least squares over all finished runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "report/table.h"
#include "statistics/compare.h"

namespace caddie {

struct Ablation;

/// Holds one effect on val_bpb. A factor with two levels has one effect ("a"): the mean change of val_bpb
/// from its first level to its second, over the levels of the others. One with more levels has an effect for
/// each level against the factor's level in the baseline ("bits=4 vs bits=8"), with an interval and a p that
/// hold for all of its levels at once (Dunnett; exact where the design is balanced). A pair with two levels
/// each has half the change of one's effect that the other makes ("a*b"); any other pair has an F test of
/// whether one's effects depend on the other's level, without a size.
struct Effect {
  std::string name;
  double size = kUnknown, standard_error = kUnknown, p = kUnknown;
  std::string unknown = {};                // why there is no number, or which are missing
  double low = kUnknown, high = kUnknown;  // the ends of the 95% interval
  double f = kUnknown;
  int64_t contrasts = 0;  // the degrees of freedom of F's numerator
};

/// Returns main effects, then pairs, where the design of the sweep has them (SweepDesign::has_effects); else
/// nothing. Main effects are those of the model without interactions. What the finished runs cannot tell
/// apart has neither size nor F.
std::vector<Effect> effects(const Ablation& ablation);

/// Returns the labels of the combinations that no finished run tells about: failed, not run yet, or left out.
std::vector<std::string> unknown_cells(const Ablation& ablation);

/// Returns the effects for people, without rows when there are none. Intervals and F have columns where some
/// effect has them.
TextTable effects_table(const Ablation& ablation);

/// Returns the effects for machines, as effects.csv holds them.
TextTable effects_data(const Ablation& ablation);
/// Returns the same as JSON, with numbers that are not rounded and null where they are not known.
Json effects_json(const Ablation& ablation);

}  // namespace caddie
