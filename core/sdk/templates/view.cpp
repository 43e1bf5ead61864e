// SPDX-License-Identifier: Apache-2.0
// While it trains, the model reads each weight times a factor a little below 1.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : WeightView {
  double shrink = 0.01, start = 0;

  void settings(Settings& s) override {
    s("shrink", shrink, "what is taken off each weight, as a part of it", between(0, 1));
    s("start", start, "share of the training after which it acts", between(0, 1));
  }
  bool acts(const Progress& progress) const override { return progress.fraction() >= start; }
  Var view(Var w, const WeightInfo&, const Progress& progress, Mode mode) override {
    return mode == Mode::kTrain && acts(progress) ? w * float(1 - shrink) : w;
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Weights a little smaller in training.", .source = "fill in");
