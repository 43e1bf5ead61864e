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
  std::string source;
};

struct Outlook {
  SharedWork work;
  int64_t done = 0;
  std::string folder;  // where those were looked for
  int jobs = 1;
  double seconds = 0;                // NaN when unknown
  std::string source;                // of that
  std::vector<Concurrency> choices;  // measured, the best first
  std::string why_unknown;           // not empty when the data is missing, and with it all but jobs
};

/// `jobs`: runs at a time, at most one a core; 0: one, or what the measurement finds best. With `probe` the
/// baseline is run for some seconds. Fills the plan's groups.
Outlook outlook(Plan& plan, const KnownTimes& known, int jobs, bool probe);

/// Some lines for people.
std::string text_of(const Plan& plan, const Outlook& outlook);

}  // namespace caddie
