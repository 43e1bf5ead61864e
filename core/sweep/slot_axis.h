// SPDX-License-Identifier: Apache-2.0
// A slot axis replaces the plugin of a slot: `slot = "model.activation", use = ["a", { use = "b", x = 1 }]`.
#pragma once

#include <string>

#include "sweep/base_experiment.h"
#include "sweep/factor.h"
#include "sweep/short_names.h"

namespace caddie {

/// Reads the axis at `path` of `sweep`, as read_axes() does.
Factor read_slot_axis(Tree& sweep, const std::string& path, BaseExperiment& base, const ShortNames& names);

}  // namespace caddie
