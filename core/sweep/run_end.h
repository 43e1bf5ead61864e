// SPDX-License-Identifier: Apache-2.0
// What the end of a run's process means for the run.
#pragma once

#include <string>

#include "process/child.h"
#include "sweep/run_state.h"

namespace caddie {

/// What is known of a run whose process is gone.
struct RunEnd {
  size_t run = 0;
  ChildEnd process;
  RunState state;          // by the run's folder
  std::string last_words;  // the error that its log ends with
};

/// What the sweep itself had asked of the run before.
struct RunRequests {
  bool timed_out = false;      // it was to stop, as it took longer than `timeout_seconds`
  bool stopping = false;       // the whole sweep is to stop
  double timeout_seconds = 0;  // that each run may take
};

/// done: the folder holds its results. failed: it will not end well by itself. lost: killed from outside, so
/// that a later call goes on with it. stopped: it can go on from a checkpoint.
enum class RunOutcome { done, failed, lost, stopped };

struct Verdict {
  RunOutcome outcome = RunOutcome::done;
  std::string reason;  // of a failure or loss, in one line
};

/// Results count whatever became of the process; then the sweep's own requests explain an end, then signals
/// from outside, then what the run left.
Verdict judge(const RunEnd& end, const RunRequests& requests);

}  // namespace caddie
