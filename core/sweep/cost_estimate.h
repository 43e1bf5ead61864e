// SPDX-License-Identifier: Apache-2.0
// The estimate says what is left to do of a plan, how long that takes, and how large the artifacts become.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sweep/concurrency.h"
#include "sweep/sharing.h"

namespace caddie {

/// Holds what is known of the time that runs of a plan take; NaN where nothing is known.
struct KnownTimes {
  // This is the time of one training step.
  double step_seconds = std::numeric_limits<double>::quiet_NaN();
  // This is the time of a run besides training.
  double own_seconds = std::numeric_limits<double>::quiet_NaN();
  std::string source;  // what these times were measured by
};

/// Holds what a plan still costs.
struct CostEstimate {
  SharedWork work;
  int64_t done = 0;                  // the number of runs that are done
  std::string folder;                // the folder in which runs that are done were looked for
  int jobs = 1;                      // the number of runs at a time
  double seconds = 0;                // the time until all is done; NaN when unknown
  std::string source;                // what the seconds rest on
  std::vector<Concurrency> choices;  // the measured choices, the best first
  std::string why_unknown;           // why all but folder and jobs is unknown; empty when it is known
};

/// Returns what a plan still costs. `jobs` is the number of runs at a time, at most one for each core; 0
/// stands for one, or for what the measurement finds best. With `probe` the baseline is run for some seconds.
/// Fills the plan's groups.
CostEstimate estimate_cost(Plan& plan, const KnownTimes& known, int jobs, bool probe);

/// Returns those of `runs`, which are indices of runs of the plan, that are not done in the folder `sweep`.
std::vector<size_t> runs_left(const Plan& plan, const std::vector<size_t>& runs,
                              const std::filesystem::path& sweep);

/// Returns the seconds that the work takes with `jobs` runs at a time; NaN where a time is not known.
double seconds_for(const SharedWork& work, const KnownTimes& times, int jobs);

/// Returns the estimate in some lines for people.
std::string text_of(const Plan& plan, const CostEstimate& estimate);

}  // namespace caddie
