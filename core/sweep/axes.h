// SPDX-License-Identifier: Apache-2.0
// Reads the axes of a sweep file as factors: toggles, keys, zipped keys, and slots whose plugin is replaced.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sweep/base_experiment.h"
#include "sweep/factor.h"

namespace caddie {

/// Returns the factors of every [[axis]] of `sweep`, and one for each of the techniques. A factor's baseline
/// is the level that leaves the base as it is; where none does, Factor::unlisted_base says what the base has.
/// Throws Error (kUsage) that shows the axis that is wrong.
std::vector<Factor> read_axes(Tree& sweep, BaseExperiment& base, std::span<const std::string> techniques);

}  // namespace caddie
