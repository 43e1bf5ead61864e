// SPDX-License-Identifier: Apache-2.0
// Mixes the residual stream with the stem's output before each layer: x' = mix[0] x + mix[1] x0, with
// one weight for each channel. x, x0: [B,T,C], mix: [2,C] in each layer.
// Source: openai/parameter-golf, train_gpt.py, and
// records/track_10min_16mb/2026-03-19_SlidingWindow_FP16Emb_10L_MuonWD_OvertoneInit for the sigmoid start.
#include <caddie/plugin.h>

using namespace caddie;

struct ResidMix final : Modifier {
  std::string init = "ones_zeros";
  std::vector<Parameter> mix;  // indexed by layer

  void settings(Settings& s) override {
    s("init", init, "ones_zeros starts with x alone; sigmoid moves from x0 to x with depth",
      one_of("ones_zeros", "sigmoid"));
  }

  void weights(Weights& w) override {
    mix.resize(size_t(w.model().layers));
    for (int layer : w.layers()) {
      double share = init == "sigmoid" ? share_at(layer, w.model().layers) : 1;
      mix[size_t(layer)] =
          w.add("blocks." + std::to_string(layer) + ".resid_mix", {2, w.model().width}, Role::kVector,
                Init::constant_rows({share, 1 - share}), Place::kOther, layer);
    }
  }

  // Returns the initial weight of x, which rises with depth from 0.18 to 0.82.
  static double share_at(int layer, int layers) {
    double depth = layers > 1 ? double(layer) / (layers - 1) : 0.5;
    return 1 / (1 + std::exp(-3 * (depth - 0.5)));
  }

  Var mixed(Block& block, Var x) override {
    Var weights = mix[size_t(block.layer)];
    return weighted_sum(row(weights, 0), x, row(weights, 1), block.forward.x0);
  }
};

CADDIE_PLUGIN(ResidMix, .summary = "Mixes the stem's output back into the residual stream before each layer.",
              .source = "openai/parameter-golf, train_gpt.py", .phase = Phase::kMix);
