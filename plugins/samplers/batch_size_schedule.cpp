// SPDX-License-Identifier: Apache-2.0
// Changes the tokens of an optimizer step as training goes on, mostly from few to many: tokens[i] up to the
// share until[i] of the training. Learning rates stay as their schedule has them.
// Source: arXiv:1711.00489; github.com/KellerJordan/modded-nanogpt, record 46.
#include "in_stream_order.h"
using namespace caddie;

struct BatchSizeSchedule final : PlannedSize {
  void settings(Settings& s) override {
    declare(s, "tokens", "tokens of a step, one number after the other; none: the experiment's");
  }
  void validate(const Shapes&) const override { plan.check_order("tokens"); }
  BatchSize with(int64_t tokens, const BatchSize& set) const override { return {tokens, set.length}; }
};

CADDIE_PLUGIN(BatchSizeSchedule, .summary = "Batches of other sizes as training goes on.",
              .source = "arXiv:1711.00489; github.com/KellerJordan/modded-nanogpt, record 46");
