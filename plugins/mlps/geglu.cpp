// SPDX-License-Identifier: Apache-2.0
// Gates the hidden values of the MLP by GELU of a second projection, in place of the experiment's activation:
// y = (gelu(x Wgate^T) * x Wfc^T) Wproj^T with gelu(z) = z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))), the
// approximation of GELU that T5 1.1 trains with.
// Source: arXiv:2002.05202; arXiv:1606.08415 for GELU.
#include "gated_mlp.h"

using namespace caddie;

struct Gelu {
  static constexpr float kRoot = 0.7978845608f, kCube = 0.044715f;  // the former is sqrt(2/pi)
  CADDIE_FN float forward(float x) const { return 0.5f * x * (1 + caddie::tanh(inner(x))); }
  CADDIE_FN float backward(float x, float dy) const {
    float t = caddie::tanh(inner(x));
    return dy * 0.5f * (1 + t + x * (1 - t * t) * kRoot * (1 + 3 * kCube * x * x));
  }
  CADDIE_FN static float inner(float x) { return kRoot * (x + kCube * x * x * x); }
};

struct GeGlu final : GatedMlp {
  Var gated(MlpPass&, Var x) override { return map(Gelu{}, x); }
};

CADDIE_PLUGIN(GeGlu, .summary = "MLP gated by GELU of a second projection.",
              .source = "arXiv:2002.05202; arXiv:1606.08415", .replaces = "activation");
