// SPDX-License-Identifier: Apache-2.0
// The state of a race follows from the runs in the sweep's folder: how each arm stands, and which runs come
// next.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sweep/plan.h"
#include "sweep/run_state.h"

namespace caddie {

/// Returns the column of runs.csv that a claim is about.
std::string claimed_metric(const SweepClaim& claim);
/// Returns what a claim asks of a difference in that column.
Hypothesis claimed_hypothesis(const SweepClaim& claim);

/// Returns a standing for each arm of the plan, the baseline's without a comparison; `states` has one for
/// each run of the plan. Throws Error when the plan has no race.
std::vector<Standing> standings(const Plan& plan, std::span<const RunState> states);

/// Returns the runs of the next look that are not in the plan yet; none when the plan has no race, or while
/// runs of this look are missing. The second form reads the states from the folder of the sweep.
std::vector<PlannedRun> next_runs(const Plan& plan, std::span<const RunState> states);
std::vector<PlannedRun> next_runs(const Plan& plan, const std::filesystem::path& folder);

}  // namespace caddie
