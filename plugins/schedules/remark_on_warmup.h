// SPDX-License-Identifier: Apache-2.0
// Says whether a linear rise of the learning rates fits into a training.
#pragma once

#include <caddie/slots.h>

#include <string>

/// Returns a remark on a linear rise of the learning rates over more steps than there are; "" when it ends.
inline std::string remark_on_warmup(int64_t lr_warmup_steps, const caddie::Shapes& shapes) {
  if (shapes.steps == 0 || lr_warmup_steps < shapes.steps) return "";
  return caddie::message(
      "lr_warmup_steps = {} and the training has {} steps, so the learning rates never rise to their "
      "settings",
      {lr_warmup_steps, shapes.steps});
}
