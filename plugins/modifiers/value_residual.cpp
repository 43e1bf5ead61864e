// SPDX-License-Identifier: Apache-2.0
// Mixes the values v0 of the first layer where it acts into those of each later one. v: [B,T,K,D].
//   lambda:  v' = lambda[0] v0 + lambda[1] v      sigmoid:  v' = v + sigmoid(alpha) v0
// As published, the first layer has the weight too, and nothing reads it there.
// Source: arXiv:2410.17897; openai/parameter-golf, pull request 1311 (lambda) and
// records/track_10min_16mb/2026-03-25_ValCalib_GPTQ_XSA_BigramHash3072 (sigmoid).
#include <caddie/plugin.h>

using namespace caddie;

struct ValueResidual final : Modifier {
  std::string form = "lambda";
  std::vector<Parameter> mix;  // indexed by layer

  void settings(Settings& s) override {
    s("form", form, "lambda weighs both values, sigmoid adds a share of the first layer's",
      one_of("lambda", "sigmoid"));
  }

  void weights(Weights& w) override {
    mix = form == "lambda" ? w.add_per_layer("attn.vr_lambda", {2}, Role::kVector, Init::constant(0.5))
                           : w.add_per_layer("attn.vrl_alpha", {1}, Role::kVector, Init::constant(0));
  }

  Var value(Block& block, Var v) override {
    Var first = block.forward.kept(0);
    if (!first.defined()) {
      block.forward.keep(0, v);
      return v;
    }
    Var weights = mix[size_t(block.layer)];
    if (form == "lambda") return first * row(weights, 0) + v * row(weights, 1);
    return v + first * sigmoid(weights);
  }
};

CADDIE_PLUGIN(ValueResidual, .summary = "Mixes the first layer's attention values into every later layer's.",
              .source = "arXiv:2410.17897; openai/parameter-golf, pull request 1311", .phase = Phase::kMix);
