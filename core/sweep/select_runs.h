// SPDX-License-Identifier: Apache-2.0
// The option --only chooses runs of a plan by a condition.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sweep/plan.h"

namespace caddie {

/// Returns the runs that a condition of --only holds for; all of them when it is empty. Its names are `label`
/// (also `arm`), `seed`, labels of techniques and paths of settings. Throws Error (kUsage) for a name that no
/// arm has a value for.
std::vector<size_t> select_runs(const Plan& plan, const std::string& condition);

}  // namespace caddie
