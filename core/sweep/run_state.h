// SPDX-License-Identifier: Apache-2.0
// How far a run of a plan has come, read from its folder and nothing else.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file_lock.h"
#include "results/run_folder.h"
#include "results/summary.h"
#include "sweep/plan.h"

namespace caddie {

/// planned: not begun, or stopped in good order. running: a process holds its lock. lost: begun, and neither
/// running nor ended. A summary of another experiment than the plan's counts as planned.
enum class RunStatus { planned, running, done, failed, lost };
std::string_view name_of(RunStatus status);

struct RunState {
  RunStatus status = RunStatus::planned;
  std::string reason;  // of a failure
  bool stale = false;  // the folder holds another experiment's run
  RunSummary summary;  // of summary.json; empty when not there or stale
  Json record;         // run.json; null when not there or stale
};

/// The lock in a run's folder while it is worked on.
inline constexpr std::string_view kRunLock = "lock";

/// State of one run of the plan whose folder is `sweep`. Unreadable files count as not there.
RunState state_of(const Plan& plan, const PlannedRun& run, const std::filesystem::path& sweep);

/// The last line of the run's log that is not blank; for a failure the last that begins with "error:".
std::string last_log_line(const std::filesystem::path& folder);
std::string error_in_log(const std::filesystem::path& folder);

}  // namespace caddie
