// SPDX-License-Identifier: Apache-2.0
// Changes the tokens of an optimizer step as training goes on, mostly from few to many: tokens[i] up to the
// share until[i] of the training. Learning rates stay as their schedule has them.
// Source: arXiv:1711.00489; github.com/KellerJordan/modded-nanogpt, record 46.
#include <algorithm>

#include "in_stream_order.h"
using namespace caddie;

struct BatchSizeSchedule final : InStreamOrder {
  Plan tokens;

  void settings(Settings& s) override {
    s("tokens", tokens.values, "tokens of a step, one number after the other; none: the experiment's",
      at_least(1));
    s("until", tokens.until, "share of the training up to which each holds, rising; the last one goes on",
      between(0, 1));
  }
  void validate(const Shapes&) const override { tokens.check_order("tokens"); }

  std::vector<BatchSize> sizes(const BatchSize& set) const override {
    std::vector<BatchSize> all;
    for (int64_t count : tokens.values) all.push_back({count, set.length});
    return all.empty() ? std::vector<BatchSize>{set} : all;
  }
  BatchSize size(const BatchSize& set, const Progress& progress) const override {
    return tokens.empty() ? set : BatchSize{tokens.at(progress), set.length};
  }
};

CADDIE_PLUGIN(BatchSizeSchedule, .summary = "Batches of other sizes as training goes on.",
              .source = "arXiv:1711.00489; github.com/KellerJordan/modded-nanogpt, record 46");
