// SPDX-License-Identifier: Apache-2.0
// Scales what the output projection of each sublayer reads to unit root mean square (Sub-LN, here without
// gains): attention's output over all heads together, and the hidden values of the MLP,
//     y = x / sqrt(mean(x^2) + eps).
// x, y: [B,T,H,D] with the mean over H and D, and [B,T,F]. Together with weights of few values the scale of
// what a sublayer adds no longer depends on that of its hidden values.
// Source: arXiv:2210.06423; openai/parameter-golf, pull request 640.
#include <caddie/plugin.h>

using namespace caddie;

struct SubLn final : Modifier {
  float eps = 0x1p-23f;

  void settings(Settings& s) override { s("eps", eps, "added to the mean square", at_least(0)); }

  Var attended(Block&, Var y) override {
    Shape heads = y.shape();
    return reshape(rms_norm(reshape(y, {heads[0], heads[1], heads[2] * heads[3]}), eps), heads);
  }
  Var activated(Block&, Var x) override { return rms_norm(x, eps); }
};

// Whatever else acts on these values comes before the projection's own norm.
CADDIE_PLUGIN(SubLn, .summary = "Normalises the inputs of the sublayers' output projections.",
              .source = "arXiv:2210.06423; openai/parameter-golf, pull request 640", .phase = Phase::kLimit);
