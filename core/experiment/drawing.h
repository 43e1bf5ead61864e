// SPDX-License-Identifier: Apache-2.0
// Draws an experiment's model layer by layer, each technique at its site.
#pragma once

#include <string>

#include "experiment/experiment.h"

namespace caddie {

/// Returns the drawing in many lines, for a terminal or a file. Neighbouring layers that are equal are drawn
/// once.
std::string draw(const Experiment& experiment);

}  // namespace caddie
