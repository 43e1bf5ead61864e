// SPDX-License-Identifier: Apache-2.0
// Says how much of a training's budget is used, which schedules that are given as shares of a run go by, and
// whether a warm-up fits into it.
#pragma once

#include <caddie/progress.h>
#include <caddie/slots.h>

#include <string>

/// Returns the share of the budget that is used, from 0 on: of the wall clock where there is such a budget,
/// otherwise of the steps. It exceeds 1 when the last step began in time and ended late.
inline double share_of_budget(const caddie::Progress& p) {
  return p.budget_seconds > 0 ? p.seconds / p.budget_seconds : double(p.step) / double(p.steps);
}

/// Returns a remark on a linear rise of the learning rates over more steps than there are; "" when it ends.
inline std::string remark_on_warmup(int64_t lr_warmup_steps, const caddie::Shapes& shapes) {
  if (shapes.steps == 0 || lr_warmup_steps < shapes.steps) return "";
  return caddie::message(
      "lr_warmup_steps = {} and the training has {} steps, so the learning rates never rise to their "
      "settings",
      {lr_warmup_steps, shapes.steps});
}
