// SPDX-License-Identifier: Apache-2.0
// Adds to the attention values a learned vector of the token itself, shared by the layers where it acts:
//     v' = v + scale_of_layer * scale * project(table[token]).
// v: [B,T,K,D], table: [V,dim], project: [K D, dim], absent when dim is K D.
// Source: openai/parameter-golf,
// records/track_10min_16mb/2026-03-22_11L_EMA_GPTQ-lite_warmdown3500_QAT015_1.1233.
#include <caddie/plugin.h>

using namespace caddie;

struct ValueEmbedding final : Modifier {
  int dim = 128;
  double scale_init = 0.1;
  Parameter scale, table, project;
  std::vector<Parameter> layer_scales;  // indexed by layer; undefined where it does not act

  void settings(Settings& s) override {
    s("dim", dim, "length of a row of the table, before projection to the values", at_least(1));
    s("scale", scale_init, "initial factor shared by the layers");
  }

  void weights(Weights& w) override {
    const ModelShape& model = w.model();
    int values = model.kv_heads * model.head_size;
    scale = w.add("ve_shared.scale", {}, Role::kScalar, Init::constant(scale_init));
    table = w.add("ve_shared.embed.weight", {model.vocabulary, dim}, Role::kEmbedding, Init::normal(0.01));
    if (dim != values)
      project = w.add("ve_shared.proj.weight", {values, dim}, Role::kMatrix, Init::by_initializer());
    layer_scales.resize(size_t(model.layers));
    for (size_t i = 0; i < w.layers().size(); ++i)
      layer_scales[size_t(w.layers()[i])] = w.add("ve_layer_scales." + std::to_string(i), {1}, Role::kScalar,
                                                  Init::constant(1), Place::kOther, w.layers()[i]);
  }

  Var value(Block& block, Var v) override {
    Var scaled = embedding(block.forward) * layer_scales[size_t(block.layer)];
    return v + reshape(scaled, v.shape());
  }

  // Returns the token's scaled and projected vectors, [B,T,K D], which are made once in each pass.
  Var embedding(Forward& forward) {
    Var kept = forward.kept(0);
    if (kept.defined()) return kept;
    Var y = gather(table, forward.tokens);
    if (project.defined()) y = linear(y, project);
    y = y * scale;
    forward.keep(0, y);
    return y;
  }
};

CADDIE_PLUGIN(ValueEmbedding, .summary = "Adds a learned vector of the token to the attention values.",
              .source =
                  "arXiv:2410.17897; openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-22_11L_EMA_GPTQ-lite_warmdown3500_QAT015_1.1233",
              .phase = Phase::kAdd);
