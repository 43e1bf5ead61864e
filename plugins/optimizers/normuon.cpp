// SPDX-License-Identifier: Apache-2.0
// Updates matrices [out, in] by momentum that is orthogonalized by Newton-Schulz, then scaled row by row:
//   m <- mu m + (1 - mu) g;  u = (1 - mu) g + mu m;  o = NS(u)
//   s_r <- b2 s_r + (1 - b2) mean(o_r^2);  p_r = o_r / (sqrt(s_r) + 1e-10)
//   w <- w (1 - lr wd) - lr sqrt(max(1, out / in)) |o| / |p| p
// mu rises from momentum_start to momentum over momentum_warmup_steps; |.| is the Frobenius norm.
// Source: arXiv:2510.05491; github.com/openai/parameter-golf, pull request 206.
#include "orthogonalized_momentum.h"
using namespace caddie;

// Averages the gradient into the momentum; the update takes the place of the gradient.
struct Average {
  float momentum;
  float *m, *g;
  CADDIE_FN void operator()(int64_t i) const {
    m[i] = momentum * m[i] + (1 - momentum) * g[i];
    g[i] = (1 - momentum) * g[i] + momentum * m[i];
  }
};
// Updates the mean square of a row and divides the row by its root.
struct ScaleRows {
  float beta2;
  float *o, *s;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    float* o_r = o + r * row.n;
    float old = s[r];
    float mean_square = row.sum([=](int i) { return o_r[i] * o_r[i]; }) / row.n;
    float now = beta2 * old + (1 - beta2) * mean_square;
    float scale = 1 / (sqrtf(now) + 1e-10f);
    row.each([=](int i) { o_r[i] *= scale; });
    row.first([=, *this] { s[r] = now; });
  }
};

struct NorMuon final : OrthogonalizedMomentum {
  double beta2 = 0.95;
  std::vector<Tensor> squares;  // has one tensor [out] for each weight

  NorMuon() {
    lr = 0.021;
    momentum = 0.99;
    momentum_start = 0.92;
    momentum_warmup_steps = 1500;
    weight_decay = 0.02;
  }
  void settings(Settings& s) override {
    OrthogonalizedMomentum::settings(s);
    s("beta2", beta2, "share of a row's old mean square kept at each step", between(0, 1));
  }
  void state(Archive& a) override {
    OrthogonalizedMomentum::state(a);
    a("squares", squares);
  }
  void step(std::span<Weight> weights, const Progress& progress) override {
    for (size_t i = 0; i < weights.size(); ++i) {
      const Tensor& value = weights[i].value;
      if (i == squares.size()) squares.emplace_back(Shape{value.shape()[0]}, value.device());
    }
    add_zeros(weights, momenta);
    double mu = momentum_at(progress.step), decay = decay_at(progress);
    for_weights(weights, [&](int i) {
      double rate = lr * progress.lr_scale * weights[size_t(i)].lr_factor;
      update(weights[size_t(i)], size_t(i), mu, rate, decay);
    });
  }

  void update(const Weight& weight, size_t i, double mu, double rate, double decay) const {
    if (!weight.gradient.defined()) return;
    const Tensor &w = weight.value, &u = weight.gradient;
    int64_t rows = w.shape()[0], columns = w.shape()[1];
    for_each(w.device(), w.numel(), Average{float(mu), momenta[i].data(), u.data()});
    newton_schulz(u, coefficients, newton_schulz_steps);
    double norm = std::sqrt(squared_norm(u));
    for_rows(w.device(), rows, int(columns), ScaleRows{float(beta2), u.data(), squares[i].data()});
    double restore = norm / (std::sqrt(squared_norm(u)) + 1e-10);
    descend(w, u, rate, decay, restore);
  }
};

CADDIE_PLUGIN(NorMuon, .summary = "Orthogonalized momentum with a second moment for each row.",
              .source = "arXiv:2510.05491");
