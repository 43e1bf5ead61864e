// SPDX-License-Identifier: Apache-2.0
// Moves a share e of the target's probability to all V tokens alike. The loss becomes (1 - e) CE + e U, where
// U is the cross entropy of the uniform distribution; what is added to CE for logits z and the target y is
//     e (U - CE) = e (z[y] - mean(z)).
// z: [B,T,V], behind all modifiers. The term is negative where the target is one of the less likely tokens.
// Source: arXiv:1512.00567, section 7.
#include <caddie/plugin.h>

using namespace caddie;

struct Smooth {
  const float* logits;
  const int32_t* targets;
  float share;
  float* out;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* z = logits + r * row.n;
    float mean = row.sum([=](int i) { return z[i]; }) / row.n;
    row.first([=, to = out + r, y = targets[r], e = share] { *to = e * (z[y] - mean); });
  }
};

struct SmoothBackward {
  const int32_t* targets;
  const float* dout;
  float share;
  float* dlogits;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    float* dz = dlogits + r * row.n;
    float d = share * dout[r], even = 1.0f / row.n;
    int target = targets[r];
    row.each([=](int i) { dz[i] += d * ((i == target ? 1.0f : 0.0f) - even); });
  }
};

struct LabelSmoothing final : Objective {
  double share = 0.1;

  void settings(Settings& s) override {
    s("share", share, "share of the target's probability that goes to all tokens", between(0, 1));
  }

  Var term(Forward&, Prediction& prediction) override {
    Var z = prediction.logits;
    Ids targets = prediction.targets;
    int n = int(z.shape().last());
    auto e = float(share);
    Var out = result({targets.batch, targets.length});
    for_rows(z.device(), targets.numel(), n, Smooth{z.data(), targets.data, e, out.data()});
    record(out, {z}, [=] {
      for_rows(z.device(), targets.numel(), n, SmoothBackward{targets.data, out.grad(), e, z.grad_sum()});
    });
    return out;
  }
};

CADDIE_PLUGIN(LabelSmoothing, .summary = "Moves a share of the target's probability to all tokens alike.",
              .source = "arXiv:1512.00567, section 7", .training_only = true);
