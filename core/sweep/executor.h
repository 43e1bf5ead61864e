// SPDX-License-Identifier: Apache-2.0
// An executor is the interface by which the scheduler starts, stops and watches runs; tests have their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sweep/run_end.h"

namespace caddie {

/// Carries out runs of a plan, which are named by their index in it: each as a process, or as whatever a test
/// makes up.
class RunExecutor {
 public:
  virtual ~RunExecutor() = default;

  /// Returns the time since the sweep was begun.
  virtual double seconds() const = 0;

  /// Returns the state that the run's folder shows.
  virtual RunState state(size_t run) const = 0;
  /// Returns the training that the run needs and that has still to be made; "" when it has been made.
  virtual std::string training_to_make(size_t run) const = 0;
  /// Returns the last line that a run at work has printed.
  virtual std::string last_line(size_t run) const = 0;

  /// Tells whether none of those at work makes something that the run needs.
  virtual bool can_start(size_t run, const std::vector<size_t>& at_work) const = 0;
  /// Starts the run, unless a process of an earlier sweep is still at work on it: then it returns false.
  /// Those of the `waiting` runs that share its training have their averagers and validations attached to it.
  /// Throws Error when no process can be started.
  virtual bool start(size_t run, const std::vector<size_t>& waiting) = 0;
  /// Asks a run at work to save a checkpoint and end, or kills it.
  virtual void stop(size_t run, bool kill) = 0;

  /// Says what happened while the scheduler waited.
  struct Event {
    bool stop_asked = false;  // whether the sweep is to stop
    std::optional<RunEnd> ended;
  };
  /// Returns the next event; it is empty when nothing happens within `seconds`.
  virtual Event wait(double seconds) = 0;

  /// Writes into the run's folder that it failed.
  virtual void record_failure(size_t run, const std::string& reason) = 0;
  /// Writes the plan to its file once more, after runs were added to it.
  virtual void freeze_plan() = 0;
};

}  // namespace caddie
