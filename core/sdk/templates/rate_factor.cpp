// SPDX-License-Identifier: Apache-2.0
// Lets the learning rates of weights fall from layer to layer: in layer l they are decay^l times as large.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>

#include <algorithm>
#include <cmath>
using namespace caddie;

struct NewPlugin final : RateFactor {
  double decay = 0.9;

  void settings(Settings& s) override {
    s("decay", decay, "rates of a layer, as a part of those of the layer before", between(0, 10));
  }
  // The layer is -1 where a weight belongs to none.
  double factor(const WeightInfo& info, const ModelShape&, const Progress&) const override {
    return std::pow(decay, std::max(0, info.layer));
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Learning rates that fall from layer to layer.", .source = "fill in");
