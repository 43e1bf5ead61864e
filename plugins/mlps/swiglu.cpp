// SPDX-License-Identifier: Apache-2.0
// Gates the hidden values of the MLP by SiLU of a second projection, in place of the experiment's activation:
// y = (silu(x Wgate^T) * x Wfc^T) Wproj^T with silu(z) = z sigmoid(z).
// Source: arXiv:2002.05202.
#include "gated_mlp.h"

using namespace caddie;

struct Silu {
  CADDIE_FN float forward(float x) const { return x * caddie::sigmoid(x); }
  CADDIE_FN float backward(float x, float dy) const {
    float s = caddie::sigmoid(x);
    return dy * s * (1 + x * (1 - s));
  }
};

struct SwiGlu final : GatedMlp {
  Var gated(MlpPass&, Var x) override { return map(Silu{}, x); }
};

CADDIE_PLUGIN(SwiGlu, .summary = "MLP gated by SiLU of a second projection.", .source = "arXiv:2002.05202",
              .replaces = "activation");
