// SPDX-License-Identifier: Apache-2.0
// The table of what all trials came to.
#pragma once

#include <span>
#include <string>

#include "attack/trial.h"

namespace caddie::attack {

/// One row a kind and one for all, then a line for each trial that was neither right nor refused well.
/// `how` is the command that repeats one, up to the trial's name.
std::string table_of(std::span<const Finding> findings, const std::string& how);

}  // namespace caddie::attack
