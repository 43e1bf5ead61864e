// SPDX-License-Identifier: Apache-2.0
// Multiplies each head's output by a gate read off the sublayer's input h, or off its query projection, which
// then takes the place of h:
//     y' = factor y sigmoid(scale w h + b).
// y: [B,T,H,D], h: [B,T,C], w: [H,n] over the first n channels and b: [H] in each layer. Published forms:
//     pull request 1311  the defaults
//     pull request 1736  bias = false, init_std = 0.01, weight = "attn.attn_gate_w"
//     pull request 1787  bias = false, inputs = 12, weight = "attn.attn_gate_w"; some records halve the scale
//     pull request 1667  bias = false, inputs = 12, factor = 2, weight = "attn.attn_gate_proj.weight" and
//                        source = "input" or "query"
// Source: arXiv:2505.06708; openai/parameter-golf, pull requests 1311, 1667, 1736 and 1787.
#include "narrow_gate.h"

using namespace caddie;

struct GatedAttention final : Modifier {
  bool has_bias = true;
  double bias_init = 4, init_std = 0;
  int inputs = 0;
  float scale = 1, factor = 1;
  std::string source = "input", weight_name = "attn.attn_gate.weight";
  std::vector<Parameter> weight, bias;  // indexed by layer

  void settings(Settings& s) override {
    s("bias", has_bias, "adds a learned bias before the sigmoid");
    s("bias_init", bias_init, "initial bias of the gate, before the sigmoid");
    s("init_std", init_std, "standard deviation of the gate's initial weights; 0: they are zero",
      at_least(0));
    s("source", source, "what the gate reads: the sublayer's normed input, or its query projection as it is",
      one_of("input", "query"));
    s("inputs", inputs, "channels that the gate reads, from the first on; 0: all", at_least(0));
    s("scale", scale, "multiplies what the weights give, before the sigmoid", at_least(1e-3));
    s("factor", factor, "multiplies the gate, after the sigmoid", at_least(1e-3));
    s("weight", weight_name, "name of the gate's weights within a layer");
  }

  void validate(const Shapes& shapes) const override { check_inputs(inputs, shapes.model); }

  void weights(Weights& w) override {
    int heads = w.model().heads, read = inputs == 0 ? w.model().width : inputs;
    Init init = init_std > 0 ? Init::normal(init_std) : Init::constant(0);
    weight = w.add_per_layer(weight_name, {heads, read}, Role::kVector, init);
    if (has_bias)
      bias = w.add_per_layer("attn.attn_gate.bias", {heads}, Role::kVector, Init::constant(bias_init));
  }

  Var attended(Block& block, Var y) override {
    auto layer = size_t(block.layer);
    Var h = source == "input" ? block.h : reshape(block.query_projection, block.h.shape());
    Var gate = linear(h, widened(weight[layer], block.forward));
    if (scale != 1) gate = gate * scale;
    if (has_bias) gate = gate + bias[layer];
    gate = sigmoid(gate);
    if (factor != 1) gate = gate * factor;
    return y * reshape(gate, y.shape().with_last(1));
  }
};

CADDIE_PLUGIN(GatedAttention,
              .summary = "A gate on each head's output, read off the sublayer's input or queries.",
              .source = "arXiv:2505.06708; openai/parameter-golf, pull requests 1311, 1667, 1736 and 1787",
              .phase = Phase::kGate);
