// SPDX-License-Identifier: Apache-2.0
// Says how much of a training's budget is used: what schedules that are given as shares of a run go by.
#pragma once

#include <caddie/progress.h>

/// Returns the share of the budget that is used, from 0 on: of the wall clock where there is such a budget,
/// otherwise of the steps. It exceeds 1 when the last step began in time and ended late.
inline double share_of_budget(const caddie::Progress& p) {
  return p.budget_seconds > 0 ? p.seconds / p.budget_seconds : double(p.step) / double(p.steps);
}
