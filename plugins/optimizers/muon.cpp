// SPDX-License-Identifier: Apache-2.0
// Updates matrices [out, in] by momentum that is orthogonalized by Newton-Schulz:
//   m <- mu m + g;  u = g + mu m (Nesterov);  w <- w (1 - lr wd) - lr sqrt(max(1, out / in)) NS(u)
// mu rises from momentum_start to momentum over momentum_warmup_steps. row_normalize divides each row of u by
// its length first (MuonEq-R), or by sqrt(mean(u_r^2) + 2^-23) with row_norm = "rms" (NeoMuon).
// Source: Keller Jordan, "Muon", 2024; arXiv:2603.28254 for row_normalize; github.com/openai/parameter-golf,
// pull request 640, for row_norm = "rms".
#include "orthogonalized_momentum.h"
using namespace caddie;

// Adds the gradient to the momentum; the update takes the place of the gradient.
struct Accumulate {
  float momentum;
  bool nesterov;
  float *m, *g;
  CADDIE_FN void operator()(int64_t i) const {
    m[i] = momentum * m[i] + g[i];
    g[i] = nesterov ? g[i] + momentum * m[i] : m[i];
  }
};
// Divides a row by its length, or by its root mean square.
struct NormalizeRows {
  float* x;
  bool rms;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    float* xr = x + r * row.n;
    float squares = row.sum([=](int i) { return xr[i] * xr[i]; });
    float size = rms ? sqrtf(squares / float(row.n) + 1.1920929e-7f) : sqrtf(squares);
    float scale = 1 / (size > 1e-7f ? size : 1e-7f);
    row.each([=](int i) { xr[i] *= scale; });
  }
};

struct Muon final : OrthogonalizedMomentum {
  bool nesterov = true, row_normalize = false;
  std::string row_norm = "length";

  Muon() {
    lr = 0.04;
    momentum = 0.95;
    momentum_start = 0.85;
    momentum_warmup_steps = 500;
    weight_decay = 0;
  }
  void settings(Settings& s) override {
    OrthogonalizedMomentum::settings(s);
    s("nesterov", nesterov, "look one step ahead");
    s("row_normalize", row_normalize, "scale each row of the update to norm 1 before orthogonalizing");
    s("row_norm", row_norm, "the norm of row_normalize: a row's length or its root mean square",
      one_of("length", "rms"));
  }

  void step(std::span<Weight> weights, const Progress& progress) override {
    add_zeros(weights, momenta);
    double mu = momentum_at(progress.step), decay = decay_at(progress);
    for_weights(weights, [&](int i) {
      double rate = lr * progress.lr_scale * weights[size_t(i)].lr_factor;
      update(weights[size_t(i)], momenta[size_t(i)], mu, rate, decay);
    });
  }

  void update(const Weight& weight, const Tensor& m, double mu, double rate, double decay) const {
    if (!weight.gradient.defined()) return;
    const Tensor &w = weight.value, &u = weight.gradient;
    int64_t rows = w.shape()[0], columns = w.shape()[1];
    for_each(w.device(), w.numel(), Accumulate{float(mu), nesterov, m.data(), u.data()});
    if (row_normalize) for_rows(w.device(), rows, int(columns), NormalizeRows{u.data(), row_norm == "rms"});
    newton_schulz(u, coefficients, newton_schulz_steps);
    descend(w, u, rate, decay, 1);
  }
};

CADDIE_PLUGIN(Muon, .summary = "Momentum, orthogonalized by Newton-Schulz iteration.",
              .source = "Keller Jordan, Muon: an optimizer for hidden layers in neural networks, 2024");
