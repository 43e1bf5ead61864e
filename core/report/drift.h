// SPDX-License-Identifier: Apache-2.0
// A machine that gets slower or faster during a sweep favours the arms that it ran at its best. The speed of
// an arm's own runs, which do the same work, shows it.
#pragma once

#include <string>

#include "base/json.h"
#include "report/ablation.h"
#include "statistics/trend.h"

namespace caddie {

/// Holds how the speed of a sweep's trainings changed over the time when they were started. All shares are of
/// the speed: -0.1 says that it fell by a tenth.
struct Drift {
  double hours = kUnknown;                 // the time from the first start to the last
  double change = kUnknown;                // the share by which tokens/s changed over these hours
  double low = kUnknown, high = kUnknown;  // the ends of its 95 % confidence interval
  double df = kUnknown, p = kUnknown;      // those of Student's test of no change
  /// This is the arm whose runs started farthest from the baseline's on average, and by what share drift
  /// alone makes it faster than the baseline.
  std::string arm;
  double shift = kUnknown;
  /// Tells whether drift is there beyond doubt (p < 0.01) and large enough to be told (1 %).
  bool matters() const;
};

/// Returns the drift of a sweep: the trend of the logarithm of tok_s over the time of the start, within the
/// runs of one arm on one machine. Runs whose weights come from one training count once, with the first of
/// them. All is unknown where no arm has two trainings that began at different times, or too few have.
Drift drift_of(const Ablation& ablation);

/// Returns what people should know of the drift of a sweep; "" where it does not matter.
std::string note_on_drift(const Ablation& ablation);

/// Returns the drift as JSON, with null for what is not known.
Json drift_json(const Ablation& ablation);

}  // namespace caddie
