// SPDX-License-Identifier: Apache-2.0
// A display shows people how a sweep goes on; the functions here write the lines that it shows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sweep/run_queue.h"

namespace caddie {

/// Shows a sweep at work somewhere, such as on a terminal.
class Display {
 public:
  virtual ~Display() = default;
  /// Tells whether show() shows anything.
  virtual bool is_live() const = 0;
  /// Replaces the lines that were shown last.
  virtual void show(const std::vector<std::string>& lines) = 0;
  /// Adds a line that stays.
  virtual void say(const std::string& line) = 0;
};

/// Returns the label of the run's arm and its seed, as in "baseline s1337".
std::string name_of_run(const Plan& plan, size_t run);

/// Returns the line about a run that is done after so many seconds, where `result` counts it and `open` runs
/// wait or are at work.
std::string text_of_done(const std::string& name, const RunState& state, double seconds,
                         const RunnerResult& result, size_t open);
/// Returns the line about a run that failed or was lost.
std::string text_of_failure(const std::string& name, const EndVerdict& verdict, const std::string& log);

/// Holds what a display shows of a sweep at one moment.
struct SweepStatus {
  struct AtWork {
    std::string name;
    double seconds = 0;  // the time since it was started
    std::string says;    // the last line of its log
  };
  RunnerResult result;
  size_t waiting = 0;
  std::vector<AtWork> at_work;
  double seconds_left = 0;  // the time until all is done; NaN when that is unknown
};
/// Returns a line on the whole, and one on each run at work.
std::vector<std::string> lines_of(const SweepStatus& status);

}  // namespace caddie
