// SPDX-License-Identifier: Apache-2.0
// Computes y = max(x, 0)^2 elementwise, for any shape.
// Source: Primer, arXiv:2109.08668; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct Square {
  CADDIE_FN float forward(float x) const {
    float r = x > 0 ? x : 0.0f;
    return r * r;
  }
  CADDIE_FN float backward(float x, float dy) const { return 2 * dy * (x > 0 ? x : 0.0f); }
};

struct ReluSquared final : Activation {
  Var apply(Var x) override { return map(Square{}, x); }
};

CADDIE_PLUGIN(ReluSquared, .summary = "ReLU, squared.",
              .source = "arXiv:2109.08668; openai/parameter-golf, train_gpt.py");
