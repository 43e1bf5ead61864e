// SPDX-License-Identifier: Apache-2.0
// The state of a run says how far it has come, read from its folder and nothing else.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "results/run_record.h"
#include "results/summary.h"
#include "sweep/plan.h"

namespace caddie {

/// planned: it is not begun, or was stopped in good order. running: a process has claimed its folder. lost:
/// it was begun, and is neither running nor ended, or what it left is damaged. A summary of another
/// experiment than the plan's counts as planned.
enum class RunStatus { planned, running, done, failed, lost };
std::string_view name_of(RunStatus status);

struct RunState {
  RunStatus status = RunStatus::planned;
  std::string reason;               // why the run failed, or which of its files is damaged
  bool damaged = false;             // whether a file that tells of it was changed after it was written
  bool stale = false;               // whether the folder holds another experiment's run
  RunSummary summary;               // what summary.json holds; empty when that is not there or stale
  std::optional<RunRecord> record;  // what run.json holds; nothing when that is not there or stale
};

/// Returns the state of one run of the plan whose folder is `sweep`. A run with a damaged file is lost.
RunState state_of(const Plan& plan, const PlannedRun& run, const std::filesystem::path& sweep);

/// Returns the last line of the run's log that is not blank, or "". error_in_log() explains a failure: it
/// returns the last error that the log tells of, without the "error: " before it, else the last line.
std::string last_log_line(const std::filesystem::path& folder);
std::string error_in_log(const std::filesystem::path& folder);

}  // namespace caddie
