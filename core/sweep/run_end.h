// SPDX-License-Identifier: Apache-2.0
// A verdict says what the end of a run's process means for the run.
#pragma once

#include <string>

#include "process/child.h"
#include "sweep/run_state.h"

namespace caddie {

/// Holds what is known of a run whose process is gone.
struct RunEnd {
  size_t run = 0;
  ChildEnd process;
  RunState state;          // the state that the run's folder shows
  std::string last_words;  // the error that the run's log ends with
};

/// Holds what the sweep itself had asked of the run before.
struct RunRequests {
  bool timed_out = false;      // whether it was to stop, as it took longer than `timeout_seconds`
  bool stopping = false;       // whether the whole sweep is to stop
  double timeout_seconds = 0;  // the time that each run may take
};

/// A run is done when its folder holds its results; failed when it ended with an error, crashed or took too
/// long; lost when it was killed from outside, so that a later call resumes it; stopped when it can go on
/// from a checkpoint; and it has no space when it ended because the disk is full, so that others will too.
enum class RunOutcome { done, failed, lost, stopped, no_space };

/// Says what came of a run, and why.
struct EndVerdict {
  RunOutcome outcome = RunOutcome::done;
  std::string reason;  // why it failed or was lost, in one line
};

/// Judges an end. Results count whatever became of the process; then the sweep's own requests explain an end,
/// then signals from outside, then what the run left.
EndVerdict judge(const RunEnd& end, const RunRequests& requests);

}  // namespace caddie
