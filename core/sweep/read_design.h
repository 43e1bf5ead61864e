// SPDX-License-Identifier: Apache-2.0
// Reads the section [design] of a sweep file: the kind, its own settings, and the baseline that is chosen
// there.
#pragma once

#include <string>
#include <vector>

#include "config/tree.h"
#include "sweep/sweep_file.h"

namespace caddie {

/// Fills `design_kind` and `design` of `sweep`, and returns the techniques that are switched besides the
/// axes. Throws Error (kUsage) that shows the line of an unknown kind, or of a setting that belongs to
/// another kind.
std::vector<std::string> read_design(Tree& tree, SweepFile& sweep);

/// Chooses the baseline levels of `sweep.factors`: as the design has them, then as [design.baseline] or
/// [claim.baseline] says, which may also name an arm by its label. Throws Error (kUsage) that shows a name or
/// value that is no level, or an axis without the level of the base when nothing is chosen.
void choose_baseline(Tree& tree, SweepFile& sweep);

}  // namespace caddie
