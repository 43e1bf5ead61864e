// SPDX-License-Identifier: Apache-2.0
// Keeps the logits z from drifting away together: adds c log(sum(exp(z)))^2 to the loss of each position.
// z: [B,T,V], behind all modifiers.
// Source: arXiv:2204.02311, section 5; openai/parameter-golf, pull request 640.
#include <caddie/plugin.h>

using namespace caddie;

struct ZLoss final : Objective {
  double coefficient = 1e-4;

  void settings(Settings& s) override {
    s("coefficient", coefficient, "what the square is multiplied by", between(0, 1));
  }

  Var term(Forward&, Prediction& prediction) override {
    Var log_sum = log_sum_exp(prediction.logits);
    return log_sum * log_sum * float(coefficient);
  }
};

CADDIE_PLUGIN(ZLoss, .summary = "Adds the square of the logits' logarithmic sum to the loss.",
              .source = "arXiv:2204.02311; openai/parameter-golf, pull request 640", .training_only = true);
