// SPDX-License-Identifier: Apache-2.0
// Multiplies each head's output by a gate read off the sublayer's input: y' = y sigmoid(w h + b).
// y: [B,T,H,D], h: [B,T,C], w: [H,C] and b: [H] in each layer.
// Source: arXiv:2505.06708; openai/parameter-golf, pull request 1311.
#include <caddie/plugin.h>

using namespace caddie;

struct GatedAttention final : Modifier {
  double bias_init = 4;
  std::vector<Parameter> weight, bias;  // indexed by layer

  void settings(Settings& s) override {
    s("bias_init", bias_init, "initial bias of the gate, before the sigmoid");
  }

  void weights(Weights& w) override {
    int heads = w.model().heads;
    weight =
        w.add_per_layer("attn.attn_gate.weight", {heads, w.model().width}, Role::kVector, Init::constant(0));
    bias = w.add_per_layer("attn.attn_gate.bias", {heads}, Role::kVector, Init::constant(bias_init));
  }

  Var attended(Block& block, Var y) override {
    auto layer = size_t(block.layer);
    Var gate = sigmoid(linear(block.h, weight[layer]) + bias[layer]);
    return y * reshape(gate, y.shape().with_last(1));
  }
};

CADDIE_PLUGIN(GatedAttention, .summary = "A gate on each head's output, read off the sublayer's input.",
              .source = "arXiv:2505.06708; openai/parameter-golf, pull request 1311", .phase = Phase::kGate);
