// SPDX-License-Identifier: Apache-2.0
// How a sweep's race stands by what is in its folder, and which runs it asks for next.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sweep/plan.h"
#include "sweep/run_state.h"

namespace caddie {

/// The column of runs.csv that a claim is about.
std::string claimed_metric(const SweepClaim& claim);
/// What a claim asks of a difference in that column.
Hypothesis claimed_hypothesis(const SweepClaim& claim);

/// One standing an arm of the plan, the baseline's without a comparison; `states`: one a run of the plan.
/// Throws Error when the plan has no race.
std::vector<Standing> standings(const Plan& plan, std::span<const RunState> states);

/// Runs of the next look that are not in the plan yet; none when the plan has no race, or while runs of this
/// look are missing. The second form reads the states from the folder of the sweep.
std::vector<PlannedRun> next_runs(const Plan& plan, std::span<const RunState> states);
std::vector<PlannedRun> next_runs(const Plan& plan, const std::filesystem::path& folder);

}  // namespace caddie
