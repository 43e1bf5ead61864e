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

/// A run is planned when it has not begun or was stopped in good order; running when a process has claimed
/// its folder; and lost when it has begun but is neither running nor ended, or when what it left is damaged.
/// A run whose folder holds another experiment than the plan's counts as planned.
enum class RunStatus { planned, running, done, failed, lost };
std::string_view name_of(RunStatus status);

/// Says why a run is lost whose files are not damaged.
inline constexpr const char* kNoSummary = "it has no summary.json: it was killed, or the file was deleted";

struct RunState {
  RunStatus status = RunStatus::planned;
  std::string reason;               // why the run failed or is lost, such as which of its files is damaged
  bool damaged = false;             // whether a file that tells of it was changed after it was written
  bool stale = false;               // whether the folder holds another experiment's run
  RunSummary summary;               // what summary.json holds; empty when that is not there or stale
  std::optional<RunRecord> record;  // what run.json holds; nothing when that is not there or stale

  /// Tells whether the run's files say why it did not end well; else only its log may.
  bool files_tell_why() const { return status == RunStatus::failed || damaged; }
};

/// Tells how the run in `folder` stands. `ended` is the status in its summary, "" when there is none; its
/// files are damaged when one of them cannot be trusted.
RunStatus status_of(const std::filesystem::path& folder, bool damaged, bool has_record,
                    std::string_view ended);

/// Returns the state of one run of the plan whose folder is `sweep`. A run with a damaged file is lost.
RunState state_of(const Plan& plan, const PlannedRun& run, const std::filesystem::path& sweep);

/// Returns the last line of the run's log that is not blank, or "".
std::string last_log_line(const std::filesystem::path& folder);
/// Returns the last error in the run's log, without the "error: " before it, or else the last line.
std::string error_in_log(const std::filesystem::path& folder);

}  // namespace caddie
