// SPDX-License-Identifier: Apache-2.0
// Runs that train and runs that find their training made have a mean time each.
#include "sweep/pace.h"

#include <algorithm>
#include <cmath>

namespace caddie {

void Pace::add(bool trained, double seconds) {
  Mean& mean = trained ? training_ : sharing_;
  mean.seconds += seconds;
  ++mean.runs;
}

double Pace::seconds_left(const WorkLeft& left) const {
  if (training_.runs + sharing_.runs == 0) return NAN;
  double training = (training_.runs > 0 ? training_ : sharing_).value();
  double sharing = (sharing_.runs > 0 ? sharing_ : training_).value();
  double seconds = double(left.trainings) * training + double(left.others) * sharing;
  for (const WorkLeft::AtWork& work : left.at_work)
    seconds += std::max(0.0, (work.trains ? training : sharing) - work.seconds);
  return seconds / left.jobs;
}

}  // namespace caddie
