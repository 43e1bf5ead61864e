// SPDX-License-Identifier: Apache-2.0
// Defines Progress, which schedules, averagers and views look at.
#pragma once

#include <cstdint>

namespace caddie {

/// Says where a training stands.
struct Progress {
  int64_t step = 0;           // steps taken so far; 0 during the first step
  int64_t steps = 0;          // planned steps; an upper bound when budget_seconds > 0
  double seconds = 0;         // training time so far, validation excluded
  double budget_seconds = 0;  // 0 without a wall-clock budget
  double lr_scale = 1;        // the factor that the learning-rate schedule returned for this step

  /// Returns the share of the budget that is used, from 0 on: of the wall clock where there is such a budget,
  /// otherwise of the steps. It exceeds 1 when the last step began in time and ended late, and is 1 where
  /// nothing is planned, as in the evaluation of a model that is done.
  double fraction() const {
    if (budget_seconds > 0) return seconds / budget_seconds;
    return steps > 0 ? double(step) / double(steps) : 1;
  }
};

/// Returns a value that goes from `start` to `end` in a straight line over the first `steps` steps and is
/// `end` ever after.
inline double ramp(double start, double end, int64_t step, int64_t steps) {
  double done = step < steps ? double(step) / double(steps) : 1;
  return (1 - done) * start + done * end;
}

}  // namespace caddie
