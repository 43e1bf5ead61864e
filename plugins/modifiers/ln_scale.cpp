// SPDX-License-Identifier: Apache-2.0
// Damps the inputs of deeper sublayers: h' = h / sqrt(layer + 1), where layers count from 0. h: [B,T,C].
// Source: arXiv:2502.05795; openai/parameter-golf,
// records/track_10min_16mb/2026-03-21_11L_XSA4_EMA_PartialRoPE_LateQAT_1.1248.
#include <caddie/plugin.h>

using namespace caddie;

struct LnScale final : Modifier {
  Var normed(Block& block, Var h) override {
    return block.layer == 0 ? h : h * float(1 / std::sqrt(block.layer + 1.0));
  }
};

CADDIE_PLUGIN(LnScale, .summary = "Divides each layer's normed inputs by the root of its number.",
              .source =
                  "arXiv:2502.05795; openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-21_11L_XSA4_EMA_PartialRoPE_LateQAT_1.1248",
              .phase = Phase::kScale);
