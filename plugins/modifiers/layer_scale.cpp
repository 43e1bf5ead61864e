// SPDX-License-Identifier: Apache-2.0
// Multiplies the output of each sublayer by a learned factor for each channel, before it joins the residual
// stream. y: [B,T,C], attn_scale and mlp_scale: [C] in each layer.
// Source: arXiv:2103.17239; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct LayerScale final : Modifier {
  double init = 1;
  std::vector<Parameter> attention, mlp;  // indexed by layer

  void settings(Settings& s) override { s("init", init, "initial factor of every channel"); }

  void weights(Weights& w) override {
    Shape shape = {w.model().width};
    attention = w.add_per_layer("attn_scale", shape, Role::kVector, Init::constant(init));
    mlp = w.add_per_layer("mlp_scale", shape, Role::kVector, Init::constant(init));
  }

  Var branch(Block& block, Var y) override {
    return y * (block.part == Part::kAttention ? attention : mlp)[size_t(block.layer)];
  }
};

CADDIE_PLUGIN(LayerScale, .summary = "A learned factor a channel on the output of each sublayer.",
              .source = "arXiv:2103.17239; openai/parameter-golf, train_gpt.py", .phase = Phase::kScale);
