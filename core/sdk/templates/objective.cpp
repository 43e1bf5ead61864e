// SPDX-License-Identifier: Apache-2.0
// Adds to the loss of each position in training a part of its square: c loss^2.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Objective {
  double coefficient = 0.01;

  void settings(Settings& s) override {
    s("coefficient", coefficient, "what multiplies the square", between(0, 1));
  }
  Var term(Forward&, Prediction& prediction) override {
    return prediction.loss * prediction.loss * float(coefficient);
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Adds the square of the loss.", .source = "fill in",
              .training_only = true);
