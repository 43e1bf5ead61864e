// SPDX-License-Identifier: Apache-2.0
// The executor is what a sweep needs of the world to carry its runs out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sweep/run_end.h"

namespace caddie {

/// Carries out runs of a plan, which are named by their place in it: each as a process, or as whatever a test
/// makes up.
class RunExecutor {
 public:
  virtual ~RunExecutor() = default;

  /// Returns the time since the sweep was begun.
  virtual double seconds() const = 0;

  virtual RunState state(size_t run) const = 0;
  /// Returns the training that the run needs and that has still to be made; "" when it has been made.
  virtual std::string training_to_make(size_t run) const = 0;
  /// Returns the last line that a run at work has printed.
  virtual std::string last_line(size_t run) const = 0;

  /// Tells whether none of those at work makes something that the run needs.
  virtual bool can_start(size_t run, const std::vector<size_t>& at_work) const = 0;
  /// Starts the run, unless a process of an earlier sweep is still at work on it: then it returns false.
  /// Others that wait may have their trainings watched on the way. Throws Error when no process can be had.
  virtual bool start(size_t run, const std::vector<size_t>& waiting) = 0;
  /// Asks a run at work to save a checkpoint and end, or kills it.
  virtual void stop(size_t run, bool kill) = 0;

  struct Event {
    bool stop_asked = false;  // whether the sweep is to stop
    std::optional<RunEnd> ended;
  };
  /// Returns the next event, or neither of both when nothing happens in `seconds`.
  virtual Event wait(double seconds) = 0;

  /// Writes into the run's folder that it failed.
  virtual void record_failure(size_t run, const std::string& reason) = 0;
  /// Writes the plan again, which has got further runs.
  virtual void freeze_plan() = 0;
};

}  // namespace caddie
