// SPDX-License-Identifier: Apache-2.0
// Knows which axis varies what a toggle cannot switch off.
#pragma once

#include <string>

#include "sweep/base_experiment.h"

namespace caddie {

/// Returns why `toggle = "name"` switches nothing of the base on and off, and which axis would vary what is
/// meant; "" where it may be right, as it is for a technique that the base does not have yet.
std::string toggle_advice(BaseExperiment& base, const std::string& name);

}  // namespace caddie
