// SPDX-License-Identifier: Apache-2.0
// Scales the hidden values of the MLP by a learned vector: y = (s activation(x Wfc^T)) Wproj^T.
// x, y: [B,T,C], s: [F].
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Mlp {
  double start = 1;
  std::vector<Parameter> scale;  // [F], one for each layer that has matrices

  void settings(Settings& s) override { s("start", start, "initial scale", between(0, 100)); }
  void weights(Weights& w) override {
    for (int layer = 0; layer < w.model().matrices; ++layer)
      scale.push_back(w.add("blocks." + std::to_string(layer) + ".new_plugin.scale", {w.model().hidden},
                            Role::kVector, Init::constant(start), Place::kOther, layer));
  }
  Var mlp(MlpPass& pass, Var x) override {
    return pass.down(pass.activate(pass.up(x)) * scale[size_t(pass.execution.matrices)]);
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "A learned scale of the hidden values.", .source = "fill in");
