// SPDX-License-Identifier: Apache-2.0
// An experiment's model drawn layer by layer, each technique at its site.
#pragma once

#include <string>

#include "experiment/experiment.h"

namespace caddie {

/// Many lines, for a terminal or a file. Equal layers are drawn once.
std::string draw(const Experiment& experiment);

}  // namespace caddie
