// SPDX-License-Identifier: Apache-2.0
// How long the rest of a sweep will take, by the runs that have ended.
#pragma once

#include <cstdint>
#include <vector>

namespace caddie {

/// What is still to be done.
struct WorkLeft {
  struct AtWork {
    bool trains = true;  // or finds its training made
    double seconds = 0;  // since it was started
  };
  std::vector<AtWork> at_work;
  int64_t trainings = 0;  // waiting runs that will train
  int64_t others = 0;     // waiting runs that will find their training made by then
  int jobs = 1;           // runs at a time
};

class Pace {
 public:
  /// A run is done that took so long.
  void add(bool trained, double seconds);
  /// NaN before the first run is done. Runs of a kind of which none is done take as long as the others.
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
