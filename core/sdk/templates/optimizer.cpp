// SPDX-License-Identifier: Apache-2.0
// Updates weights by gradient descent with momentum: m <- b m + g;  w <- w - lr m.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>
using namespace caddie;

struct MomentumStep {
  float rate, keep;
  const float* g;
  float *w, *m;
  CADDIE_FN void operator()(int64_t i) const {
    m[i] = keep * m[i] + g[i];
    w[i] -= rate * m[i];
  }
};

struct NewPlugin final : Optimizer {
  double lr = 0.05, momentum = 0.9;
  std::vector<Tensor> momenta;  // has one tensor for each weight

  void settings(Settings& s) override {
    s("lr", lr, "learning rate, times the schedule", at_least(0));
    s("momentum", momentum, "share of the old momentum kept at each step", between(0, 1));
  }
  // All that changes while it trains is named here, so that a resumed run goes on as if undisturbed.
  void state(Archive& a) override { a("momenta", momenta); }

  void step(std::span<Weight> weights, const Progress& progress) override {
    add_zeros(weights, momenta);
    for_chunks(weights, [&](const Chunk& chunk) {
      const Weight& weight = weights[size_t(chunk.weight)];
      const Tensor& m = momenta[size_t(chunk.weight)];
      if (!weight.gradient.defined()) return;
      auto rate = float(lr * progress.lr_scale * weight.lr_factor);
      for_each(m.device(), chunk.end - chunk.begin,
               MomentumStep{rate, float(momentum), weight.gradient.data() + chunk.begin,
                            weight.value.data() + chunk.begin, m.data() + chunk.begin});
    });
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Gradient descent with momentum.", .source = "fill in");
