// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent with momentum on all weights, for evaluators that learn:
//   g  = gradient, scaled by min(1, clip / (|g| + 1e-6)) where clip > 0, |g| over all trained weights
//   v <- momentum v + g,   w <- w - rate v
// where v starts at 0. The rate of chunk c of n falls as lr / 2 (1 + cos(pi c / (n - 1))).
#pragma once

#include <caddie/plugin.h>
#include <caddie/weight_loops.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

// v <- momentum v + scale g, w <- w - rate v
struct Descend {
  const float* g;
  float *v, *w;
  float momentum, scale, rate;
  CADDIE_FN void operator()(int64_t i) const {
    v[i] = momentum * v[i] + scale * g[i];
    w[i] -= rate * v[i];
  }
};

struct Sgd {
  double lr = 0.005, momentum = 0.9, clip = 1;

  double rate(int64_t chunk, int64_t chunks) const {
    return lr / 2 *
           (1 + std::cos(std::numbers::pi * double(chunk) / double(std::max<int64_t>(chunks - 1, 1))));
  }
  // Moves the weights for which is_trained(weight) holds and that have a gradient; `velocities` is empty at
  // first.
  template <class IsTrained>
  void step(std::span<caddie::Weight> weights, double rate, std::vector<caddie::Tensor>& velocities,
            IsTrained is_trained) const {
    auto moves = [&](const caddie::Weight& weight) {
      return weight.gradient.defined() && is_trained(weight);
    };
    double squares = 0;
    for (const caddie::Weight& weight : weights)
      if (moves(weight)) squares += caddie::squared_norm(weight.gradient);
    double scale = clip > 0 ? std::min(1.0, clip / (std::sqrt(squares) + 1e-6)) : 1;
    caddie::add_zeros(weights, velocities);
    caddie::for_chunks(weights, [&](const caddie::Chunk& chunk) {
      const caddie::Weight& weight = weights[size_t(chunk.weight)];
      if (!moves(weight)) return;
      Descend kernel{};
      kernel.g = weight.gradient.data() + chunk.begin;
      kernel.v = velocities[size_t(chunk.weight)].data() + chunk.begin;
      kernel.w = weight.value.data() + chunk.begin;
      kernel.momentum = float(momentum);
      kernel.scale = float(scale);
      kernel.rate = float(rate);
      caddie::for_each(weight.value.device(), chunk.end - chunk.begin, kernel);
    });
  }
};
