// SPDX-License-Identifier: Apache-2.0
// The queue holds the runs of a sweep that wait and those at work, and decides which may start, which are to
// stop, and which are tried again. It knows neither processes nor clocks: it is told what happens and when.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sweep/plan.h"
#include "sweep/run_end.h"

namespace caddie {

/// Counts what came of the runs of a sweep.
struct RunnerResult {
  // These count the runs that `only` allows, those of earlier calls included. Lost ones were killed from
  // outside while at work, and those that are left have not come to an end.
  int done = 0, failed = 0, lost = 0, left = 0;
  bool interrupted = false;
  bool disk_full = false;  // whether the sweep stopped because a run found the disk full
};

/// Says how much of the machine and of time a sweep may take.
struct RunLimits {
  int jobs = 1;                      // the most runs at work at a time
  int64_t max_runs = INT64_MAX;      // the most runs that are started in all
  double budget_seconds = 0;         // the time after which no run starts; 0 sets no limit
  int64_t memory_bytes = INT64_MAX;  // the most that all runs at work may take together
};

/// The seconds in which a run that is asked to stop must have saved its checkpoint and ended. It leaves its
/// step between micro-batches, so that most of them are for writing gigabytes; whoever needs longer hangs.
inline constexpr double kGraceSeconds = 30;

class RunQueue {
 public:
  /// The retries and the timeout of a run are the plan's, which must outlive the queue and may get further
  /// runs.
  RunQueue(const Plan& plan, const RunLimits& limits) : plan_(plan), limits_(limits) {}

  /// Counts a run as done or failed when `state` says so, or lets it wait for its turn. With `retry` those
  /// that failed or were lost wait, and no others.
  void add(size_t run, const RunState& state, bool retry);

  struct AtWork {
    size_t run = 0;
    double since = 0;        // the second when it was started, by the caller's clock
    bool trains = true;      // whether it makes its training, or finds it made
    bool timed_out = false;  // whether it was asked to stop because it took too long
    bool killed = false;     // whether an order to kill it was given
  };
  /// Returns the runs in the order in which they may start.
  const std::vector<size_t>& waiting() const { return waiting_; }
  const std::vector<AtWork>& at_work() const { return at_work_; }
  std::vector<size_t> runs_at_work() const;
  /// Returns how the sweep stands; were it to end now, those that wait would be left.
  RunnerResult result() const;

  /// Tells whether the limits let any further run start at `now`.
  bool may_start(double now) const;
  /// Tells whether memory suffices for this run beside those at work. One run may always try.
  bool fits_memory(size_t run) const;
  /// Records that a waiting run has been started.
  void started(size_t run, bool trains, double now);

  struct EndedRun {
    EndVerdict verdict;
    AtWork work;            // what the queue knew of the run while it was at work
    bool requeued = false;  // whether the run waits again
  };
  /// Records that a run at work has ended: it waits again or is counted.
  EndedRun ended(const RunEnd& end);

  /// Records that a waiting run has been finished by a process that is not of this sweep.
  void finished_elsewhere(size_t run);

  /// Records that the sweep was asked to stop at `now`: nothing starts any more. Returns how often it was
  /// asked by now.
  int ask_to_stop(double now);
  /// Tells whether it was, or has stopped by itself because the disk is full.
  bool is_stopping() const { return stops_asked_ > 0 || result_.disk_full; }

  struct StopOrder {
    size_t run;
    bool kill;  // whether to kill the run rather than let it save a checkpoint
  };
  /// Returns orders for the runs at work that take longer than the plan allows: they are asked to stop once.
  /// Those that have not done so kGraceSeconds after they or the whole sweep were asked are killed.
  std::vector<StopOrder> stop_slow_ones(double now);

 private:
  struct History {
    int attempts = 0, stops = 0;  // A stop by somebody else is no attempt.
  };
  int64_t memory_of(size_t run) const;
  bool is_requeued(const History& history, RunOutcome outcome) const;
  void count(RunOutcome outcome);

  const Plan& plan_;
  const RunLimits limits_;
  std::vector<size_t> waiting_;
  std::vector<AtWork> at_work_;
  std::map<size_t, History> history_;  // the history of each run
  std::map<size_t, int64_t> peaks_;    // the largest memory of the runs that are done, by arm
  RunnerResult result_;
  int64_t started_ = 0;
  int stops_asked_ = 0;
  double stop_asked_at_ = 0;  // the second of the first of them
};

}  // namespace caddie
