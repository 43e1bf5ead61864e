// SPDX-License-Identifier: Apache-2.0
// Multiplies the queries of head h by a learned gain[h]. q: [B,T,H,D], gain: [H] in each layer.
// Source: openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct QGain final : Modifier {
  double init = 1.5;
  std::vector<Parameter> gain;  // indexed by layer

  void settings(Settings& s) override { s("init", init, "initial gain of every head"); }

  void weights(Weights& w) override {
    gain = w.add_per_layer("attn.q_gain", {w.model().heads}, Role::kVector, Init::constant(init));
  }

  QueryKey query_key(Block& block, QueryKey qk) override {
    Var by_head = gain[size_t(block.layer)];
    return {qk.q * reshape(by_head, {by_head.shape()[0], 1}), qk.k};
  }
};

CADDIE_PLUGIN(QGain, .summary = "A learned gain on the queries of each head.",
              .source = "openai/parameter-golf, train_gpt.py", .phase = Phase::kScale);
