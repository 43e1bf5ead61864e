// SPDX-License-Identifier: Apache-2.0
// Bounds logits z, [B,T,V], elementwise:
//   tanh:        y = cap tanh(z / cap)
//   polynomial:  y = cap clamp(p(clamp(z / cap, -2, 2)), -1, 1),  p(u) = u (1 - u^2/3 + u^4/15)
//   asymmetric:  tanh with softcap_pos for the cap where z > 0 and softcap_neg elsewhere, two learned numbers
//                that start at cap
// Source: arXiv:2408.00118; openai/parameter-golf, train_gpt.py and pull requests 640 (polynomial) and 1923
// (asymmetric).
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

struct PolynomialSoftcap {
  float cap, inverse;
  CADDIE_FN static float polynomial(float u) {
    float square = u * u;
    return u * (1 - square / 3 + square * square / 15);
  }
  CADDIE_FN float forward(float z) const {
    return cap * caddie::clamp(polynomial(caddie::clamp(z * inverse, -2, 2)), -1, 1);
  }
  CADDIE_FN float backward(float z, float dy) const {
    float u = caddie::clamp(z * inverse, -2, 2), square = u * u, p = polynomial(u);
    return p < -1 || p > 1 ? 0.0f : dy * (1 - square + square * square / 3);
  }
};

// The caps of logits above zero and of the others, which lie where the logits do.
struct Caps {
  const float *positive, *negative;
  CADDIE_FN float of(float z) const { return z > 0 ? *positive : *negative; }
};

struct AsymmetricSoftcap {
  Caps caps;
  const float* z;
  float* y;
  CADDIE_FN void operator()(int64_t i) const {
    float cap = caps.of(z[i]);
    y[i] = cap * caddie::tanh(z[i] / cap);
  }
};

// With t = y / cap, adds dy (1 - t^2) to dz, as SoftcapBackward does.
struct AsymmetricByLogits {
  Caps caps;
  const float *z, *y, *dy;
  float* dz;
  bool fresh;
  CADDIE_FN void operator()(int64_t i) const {
    float t = y[i] / caps.of(z[i]);
    float d = dy[i] * (1 - t * t);
    dz[i] = fresh ? d : dz[i] + d;
  }
};

// Writes the gradient by one cap, summed over a row: dy (t - z/cap (1 - t^2)) where that cap holds.
struct AsymmetricByCap {
  const float *cap, *z, *y, *dy;
  bool of_positive;
  float* sums;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float *zr = z + r * row.n, *yr = y + r * row.n, *dyr = dy + r * row.n;
    float inverse = 1 / *cap;
    bool wanted = of_positive;
    float sum = row.sum([=](int i) {
      float t = yr[i] * inverse;
      float d = dyr[i] * (t - zr[i] * inverse * (1 - t * t));
      return (zr[i] > 0) == wanted ? d : 0.0f;
    });
    row.first([=, to = sums + r] { *to = sum; });
  }
};

struct SumOfRows {
  const float* sums;
  CADDIE_FN float operator()(int64_t r, int) const { return sums[r]; }
};

// Returns the logits z [.., V] between -negative and positive, which are scalars.
Var asymmetric_softcap(Var z, Var positive, Var negative) {
  Var y = result(z.shape());
  int64_t rows = z.shape().rows();
  int n = int(z.shape().last());
  Caps caps = {positive.data(), negative.data()};
  float* sums = scratch(rows);
  for_each(z.device(), z.value().numel(), AsymmetricSoftcap{caps, z.data(), y.data()});
  record(y, {z, positive, negative}, [=] {
    if (z.needs_grad()) {
      GradientSlot dz = z.grad_slot();
      for_each(z.device(), z.value().numel(),
               AsymmetricByLogits{caps, z.data(), y.data(), y.grad(), dz.data, dz.fresh});
    }
    for (Var cap : {positive, negative}) {
      if (!cap.needs_grad()) continue;
      bool of_positive = cap.node() == positive.node();
      for_rows(z.device(), rows, n,
               AsymmetricByCap{cap.data(), z.data(), y.data(), y.grad(), of_positive, sums});
      for_columns(z.device(), rows, 1, SumOfRows{sums}, cap.grad_sum());
    }
  });
  return y;
}

struct LogitSoftcap final : Modifier {
  std::string form = "tanh";
  float cap = 30;
  Parameter positive, negative;

  void settings(Settings& s) override {
    s("form", form, "tanh, a polynomial like it, or asymmetric: tanh with a learned cap for each sign",
      one_of("tanh", "polynomial", "asymmetric"));
    s("cap", cap, "bound of the logits; of form asymmetric, where both caps start", at_least(1e-3));
  }

  void weights(Weights& w) override {
    if (form != "asymmetric") return;
    positive = w.add("softcap_pos", {}, Role::kScalar, Init::constant(cap));
    negative = w.add("softcap_neg", {}, Role::kScalar, Init::constant(cap));
  }

  Var logits(Forward&, Var z) override {
    if (form == "polynomial") return map(PolynomialSoftcap{cap, 1 / cap}, z);
    return form == "tanh" ? softcap(z) : asymmetric_softcap(z, positive, negative);
  }

  Var softcap(Var z) const {
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

CADDIE_PLUGIN(
    LogitSoftcap, .summary = "Bounds the logits by a scaled tanh, or a function like it.",
    .source = "arXiv:2408.00118; openai/parameter-golf, train_gpt.py and pull requests 640 and 1923",
    .phase = Phase::kLimit);
