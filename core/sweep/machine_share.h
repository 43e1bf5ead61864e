// SPDX-License-Identifier: Apache-2.0
// The share of the machine that the runs of a sweep get is what was asked for, what was frozen, or what is
// fastest.
#pragma once

#include <string>

#include "sweep/concurrency.h"
#include "sweep/runner.h"

namespace caddie {

/// Returns what every run of a plan under a wall-clock budget gets: such runs compare only when all of them
/// have the same share of the machine, so what the first call takes is frozen in the plan. `asked` is what
/// this call's options say, 0 where they say nothing. Throws Error (kUsage) when that differs from what is
/// frozen.
Concurrency timed_share(const Plan& plan, const Concurrency& asked);

/// Tells whether measuring how many runs go side by side costs less than it can save. `trainings` are still
/// to be made; each run has `threads` as asked for, or 0 where none were.
bool is_worth_measuring(int64_t trainings, int threads, int cores);

/// Sets `jobs` and `threads` of the options, freezing them in the plan and its file where the budget is
/// wall-clock time, and measuring where that pays. Returns a line for people on what was chosen, or "" when
/// there is nothing to tell.
std::string choose_share(Plan& plan, RunnerOptions& options);

}  // namespace caddie
