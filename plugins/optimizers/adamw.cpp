// SPDX-License-Identifier: Apache-2.0
// Updates weights by Adam with decoupled weight decay; without decay it is Adam. In step k, counted from 1:
//   w <- w (1 - lr wd);  m <- m + (1 - b1)(g - m);  v <- b2 v + (1 - b2) g^2
//   w <- w - lr / (1 - b1^k) * m / (sqrt(v / (1 - b2^k)) + eps)
// Source: arXiv:1711.05101.
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>
using namespace caddie;

struct AdamWStep {
  float keep, mix_first, beta2, mix_second, rate, second_scale, eps;
  const float* g;
  float *w, *m, *v;
  CADDIE_FN void operator()(int64_t i) const {
    float first = m[i] + mix_first * (g[i] - m[i]);
    float second = beta2 * v[i] + mix_second * g[i] * g[i];
    m[i] = first;
    v[i] = second;
    w[i] = w[i] * keep - rate * (first / (sqrtf(second) * second_scale + eps));
  }
};

struct AdamW final : Optimizer {
  double lr = 0.001, beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weight_decay = 0;
  int64_t steps = 0;
  std::vector<Tensor> first, second;  // the moments, with one tensor for each weight

  void settings(Settings& s) override {
    s("lr", lr, "learning rate, times the schedule", at_least(0));
    s("beta1", beta1, "share of the old mean gradient kept at each step", between(0, 1));
    s("beta2", beta2, "share of the old mean square kept at each step", between(0, 1));
    s("eps", eps, "added to the root mean square", at_least(0));
    s("weight_decay", weight_decay, "decoupled: times the scheduled rate", at_least(0));
  }
  void state(Archive& a) override {
    a("steps", steps);
    a("first", first);
    a("second", second);
  }
  void step(std::span<Weight> weights, const Progress& progress) override {
    add_zeros(weights, first);
    add_zeros(weights, second);
    ++steps;
    double first_scale = 1 / (1 - std::pow(beta1, double(steps)));
    AdamWStep kernel{};
    kernel.mix_first = float(1 - beta1);
    kernel.beta2 = float(beta2);
    kernel.mix_second = float(1 - beta2);
    kernel.second_scale = float(1 / std::sqrt(1 - std::pow(beta2, double(steps))));
    kernel.eps = float(eps);
    for_chunks(weights, [&](const Chunk& chunk) {
      const Weight& weight = weights[size_t(chunk.weight)];
      if (!weight.gradient.defined()) return;
      AdamWStep k = kernel;
      double rate = lr * progress.lr_scale * weight.lr_factor;
      k.keep = float(1 - rate * weight_decay);
      k.rate = float(rate * first_scale);
      k.g = weight.gradient.data() + chunk.begin;
      k.w = weight.value.data() + chunk.begin;
      k.m = first[size_t(chunk.weight)].data() + chunk.begin;
      k.v = second[size_t(chunk.weight)].data() + chunk.begin;
      for_each(weight.value.device(), chunk.end - chunk.begin, k);
    });
  }
};

CADDIE_PLUGIN(AdamW, .summary = "Adam with decoupled weight decay.", .source = "arXiv:1711.05101");
