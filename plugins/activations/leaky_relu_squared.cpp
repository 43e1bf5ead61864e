// SPDX-License-Identifier: Apache-2.0
// Computes y = leaky_relu(x)^2 elementwise, for any shape. It is not monotonic: y >= 0 on both sides of 0.
// Source: openai/parameter-golf, records/track_10min_16mb/2026-03-23_LeakyReLU_LegalTTT_ParallelMuon.
#include <caddie/plugin.h>

using namespace caddie;

struct SquareOfLeaky {
  float slope;
  CADDIE_FN float forward(float x) const {
    float r = x > 0 ? x : slope * x;
    return r * r;
  }
  CADDIE_FN float backward(float x, float dy) const { return 2 * dy * (x > 0 ? x : slope * slope * x); }
};

struct LeakyReluSquared final : Activation {
  float slope = 0.5f;

  void settings(Settings& s) override {
    s("slope", slope, "factor below zero, before squaring", between(0, 1));
  }

  Var apply(Var x) override { return map(SquareOfLeaky{slope}, x); }
};

CADDIE_PLUGIN(LeakyReluSquared, .summary = "Leaky ReLU, squared.",
              .source =
                  "openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-23_LeakyReLU_LegalTTT_ParallelMuon");
