// SPDX-License-Identifier: Apache-2.0
// Updates weights by the sign of a momentum, each entry by the same amount, with decoupled weight decay:
//   c = b1 m + (1 - b1) g;  w <- w (1 - lr wd) - lr sign(c);  m <- b2 m + (1 - b2) g,  where sign(0) = 0
// Source: arXiv:2302.06675.
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>
using namespace caddie;

struct LionStep {
  float keep, rate, beta1, mix1, beta2, mix2;
  const float* g;
  float *w, *m;
  CADDIE_FN void operator()(int64_t i) const {
    float c = beta1 * m[i] + mix1 * g[i];
    float sign = c > 0 ? 1.0f : c < 0 ? -1.0f : 0.0f;
    m[i] = beta2 * m[i] + mix2 * g[i];
    w[i] = w[i] * keep - rate * sign;
  }
};

struct Lion final : Optimizer {
  double lr = 1e-4, beta1 = 0.9, beta2 = 0.99, weight_decay = 0;
  std::vector<Tensor> momenta;  // has one tensor for each weight

  void settings(Settings& s) override {
    s("lr", lr, "learning rate, times the schedule: a third to a tenth of that of Adam", at_least(0));
    s("beta1", beta1, "share of the momentum in what the sign is taken of", between(0, 1));
    s("beta2", beta2, "share of the old momentum kept at each step", between(0, 1));
    s("weight_decay", weight_decay, "decoupled: times the scheduled rate", at_least(0));
  }
  void state(Archive& a) override { a("momenta", momenta); }
  void step(std::span<Weight> weights, const Progress& progress) override {
    add_zeros(weights, momenta);
    LionStep kernel{};
    kernel.beta1 = float(beta1);
    kernel.mix1 = float(1 - beta1);
    kernel.beta2 = float(beta2);
    kernel.mix2 = float(1 - beta2);
    for_chunks(weights, [&](const Chunk& chunk) {
      const Weight& weight = weights[size_t(chunk.weight)];
      if (!weight.gradient.defined()) return;
      LionStep k = kernel;
      double rate = lr * progress.lr_scale * weight.lr_factor;
      k.keep = float(1 - rate * weight_decay);
      k.rate = float(rate);
      k.g = weight.gradient.data() + chunk.begin;
      k.w = weight.value.data() + chunk.begin;
      k.m = momenta[size_t(chunk.weight)].data() + chunk.begin;
      for_each(weight.value.device(), chunk.end - chunk.begin, k);
    });
  }
};

CADDIE_PLUGIN(Lion, .summary = "Steps of equal size in the direction of the sign of a momentum.",
              .source = "arXiv:2302.06675");
