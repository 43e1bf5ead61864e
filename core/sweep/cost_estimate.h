// SPDX-License-Identifier: Apache-2.0
// What is left to do of a plan, how long that takes, and how large the artifacts become.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sweep/concurrency.h"
#include "sweep/sharing.h"

namespace caddie {

/// What is known of the time that runs of a plan take; NaN where nothing is.
struct KnownTimes {
  double step_seconds = std::numeric_limits<double>::quiet_NaN();  // of training
  double own_seconds = std::numeric_limits<double>::quiet_NaN();   // of a run besides training
  std::string source;                                              // who says so
};

struct CostEstimate {
  SharedWork work;
  int64_t done = 0;                  // runs
  std::string folder;                // where runs that are done were looked for
  int jobs = 1;                      // runs at a time
  double seconds = 0;                // until all is done; NaN when unknown
  std::string source;                // what the seconds rest on
  std::vector<Concurrency> choices;  // measured, the best first
  std::string why_unknown;           // not empty when the data is missing, and with it all but jobs
};

/// What a plan still costs. `jobs`: runs at a time, at most one a core; 0: one, or what the measurement finds
/// best. With `probe` the baseline is run for some seconds. Fills the plan's groups.
CostEstimate estimate_cost(Plan& plan, const KnownTimes& known, int jobs, bool probe);

/// Those of some runs of the plan, given by index, that are not done in the sweep's folder.
std::vector<size_t> runs_left(const Plan& plan, const std::vector<size_t>& runs,
                              const std::filesystem::path& sweep);

/// Seconds that the work takes with `jobs` runs at a time; NaN where a time is not known.
double seconds_for(const SharedWork& work, const KnownTimes& times, int jobs);

/// The estimate in some lines for people.
std::string text_of(const Plan& plan, const CostEstimate& estimate);

}  // namespace caddie
