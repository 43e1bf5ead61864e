// SPDX-License-Identifier: Apache-2.0
// Keeps logits within (-cap, cap): y = cap tanh(z / cap). z: [B,T,V].
// Source: arXiv:2408.00118; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct Softcap {
  float cap, inverse;
  const float* z;
  float* y;
  CADDIE_FN void operator()(int64_t i) const { y[i] = cap * caddie::tanh(z[i] * inverse); }
};

// Adds dy (1 - (y / cap)^2) to dz.
struct SoftcapBackward {
  float inverse;
  const float *y, *dy;
  float* dz;
  bool fresh;
  CADDIE_FN void operator()(int64_t i) const {
    float share = y[i] * inverse;
    float d = dy[i] * (1 - share * share);
    dz[i] = fresh ? d : dz[i] + d;
  }
};

struct LogitSoftcap final : Modifier {
  float cap = 30;

  void settings(Settings& s) override { s("cap", cap, "bound of the logits", at_least(1e-3)); }

  Var logits(Forward&, Var z) override {
    Var y = result(z.shape());
    for_each(z.device(), z.value().numel(), Softcap{cap, 1 / cap, z.data(), y.data()});
    record(y, {z}, [=, inverse = 1 / cap] {
      GradientSlot dz = z.grad_slot();
      for_each(z.device(), z.value().numel(),
               SoftcapBackward{inverse, y.data(), y.grad(), dz.data, dz.fresh});
    });
    return y;
  }
};

CADDIE_PLUGIN(LogitSoftcap, .summary = "Bounds the logits by a scaled tanh.",
              .source = "arXiv:2408.00118; openai/parameter-golf, train_gpt.py", .phase = Phase::kLimit);
