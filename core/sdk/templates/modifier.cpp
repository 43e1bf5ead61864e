// SPDX-License-Identifier: Apache-2.0
// Scales each sublayer's output by one learned number for each layer: y = s x. x, y: [B,T,C], s: [1].
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Modifier {
  double start = 1.5;
  std::vector<Parameter> scale;

  void settings(Settings& s) override { s("start", start, "initial scale", between(0, 10)); }
  void weights(Weights& w) override {
    scale = w.add_per_layer("new_plugin", {1}, Role::kScalar, Init::constant(start));
  }
  Var branch(Block& block, Var y) override { return y * scale[size_t(block.layer)]; }
};

CADDIE_PLUGIN(NewPlugin, .summary = "A learned scale of what sublayers add.", .source = "fill in",
              .phase = Phase::kScale);
