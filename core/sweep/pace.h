// SPDX-License-Identifier: Apache-2.0
// The runs that have ended tell how long the rest of a sweep will take.
#pragma once

#include <cstdint>
#include <vector>

namespace caddie {

/// Describes what is still to be done.
struct WorkLeft {
  struct AtWork {
    bool trains = true;  // whether it makes its training, or finds it made
    double seconds = 0;  // the time since it was started
  };
  std::vector<AtWork> at_work;
  int64_t trainings = 0;  // the number of waiting runs that will train
  int64_t others = 0;     // the number of waiting runs that will find their training made by then
  int jobs = 1;           // the number of runs at a time
};

/// Estimates the time that is left by the mean time of the runs that are done.
class Pace {
 public:
  /// Counts a run that is done and took so long.
  void add(bool trained, double seconds);
  /// Returns NaN before the first run is done. Runs of a kind of which none is done are taken to last as long
  /// as the others.
  double seconds_left(const WorkLeft& left) const;

 private:
  struct Mean {
    double seconds = 0;
    int64_t runs = 0;
    double value() const { return seconds / double(runs); }
  };
  Mean training_, sharing_;
};

}  // namespace caddie
