// SPDX-License-Identifier: Apache-2.0
// The runs of a sweep that wait and those at work: which may start, which are to stop, which are tried again.
// It knows neither processes nor clocks: it is told what happens and when.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sweep/plan.h"
#include "sweep/run_end.h"

namespace caddie {

struct RunnerResult {
  // Of the runs that `only` allows, those of earlier calls included. Lost: killed from outside while at work.
  int done = 0, failed = 0, lost = 0, left = 0;
  bool interrupted = false;
};

/// What a sweep may take.
struct RunLimits {
  int jobs = 1;                      // runs at a time
  int64_t max_runs = 0;              // that are started in all; 0: no limit
  double budget_seconds = 0;         // after which no run starts; 0: no limit
  int64_t memory_bytes = INT64_MAX;  // for all runs at work together
};

class RunQueue {
 public:
  /// Retries and the timeout of a run are the plan's, which outlives the queue and may get further runs.
  RunQueue(const Plan& plan, const RunLimits& limits) : plan_(plan), limits_(limits) {}

  /// Counts a run that `state` tells of as done or failed, or lets it wait for its turn. With `retry` those
  /// that failed or were lost wait, and no others.
  void add(size_t run, const RunState& state, bool retry);

  struct AtWork {
    size_t run = 0;
    double since = 0;        // seconds, by the caller's clock
    bool trains = true;      // or finds its training made
    bool timed_out = false;  // it was asked to stop for that
  };
  /// In the order in which they may start.
  const std::vector<size_t>& waiting() const { return waiting_; }
  const std::vector<AtWork>& at_work() const { return at_work_; }
  std::vector<size_t> runs_at_work() const;
  /// How the sweep stands; were it to end now, those that wait would be left.
  RunnerResult result() const;

  /// Whether the limits let any further run start at `now`.
  bool may_start(double now) const;
  /// Whether memory suffices for this run beside those at work. One run may always try.
  bool fits_memory(size_t run) const;
  /// A waiting run has been started.
  void started(size_t run, bool trains, double now);

  struct Aftermath {
    Verdict verdict;
    AtWork work;           // what the run was at work as
    bool goes_on = false;  // it waits again
  };
  /// A run at work has ended.
  Aftermath ended(const RunEnd& end);

  /// A waiting run has been done by a process that is not of this sweep.
  void finished_elsewhere(size_t run);

  /// The sweep is asked to stop: nothing starts any more. Returns how often it was asked by now.
  int ask_to_stop() { return ++stops_asked_; }
  bool is_stopping() const { return stops_asked_ > 0; }

  struct StopOrder {
    size_t run;
    bool kill;  // rather than let it save a checkpoint
  };
  /// The runs at work that take longer than the plan allows: they are asked to stop once, and killed when
  /// they have not done so after some seconds.
  std::vector<StopOrder> stop_slow_ones(double now);

 private:
  struct History {
    int attempts = 0, stops = 0;  // a stop by somebody else is no attempt
  };
  int64_t memory_of(size_t run) const;
  bool takes_up(size_t run, RunOutcome outcome);

  const Plan& plan_;
  const RunLimits limits_;
  std::vector<size_t> waiting_;
  std::vector<AtWork> at_work_;
  std::map<size_t, History> history_;  // by run
  std::map<size_t, int64_t> peaks_;    // of memory, by arm, of runs that are done
  RunnerResult result_;
  int64_t started_ = 0;
  int stops_asked_ = 0;
};

}  // namespace caddie
