// SPDX-License-Identifier: Apache-2.0
// Optimizers of Muon's family share their settings, the momentum's warm-up and the last step: an update
// [out, in] that was orthogonalized by Newton-Schulz iterations is scaled by sqrt(max(1, out / in)).
// Source: Keller Jordan, "Muon", 2024.
#pragma once

#include <caddie/newton_schulz.h>
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

// w <- w keep - rate u
struct Descend {
  float keep, rate;
  const float* update;
  float* w;
  CADDIE_FN void operator()(int64_t i) const { w[i] = w[i] * keep - rate * update[i]; }
};

// The constructor of each optimizer sets the defaults that are 0 here.
struct OrthogonalizedMomentum : caddie::Optimizer {
  double lr = 0, momentum = 0, momentum_start = 0, weight_decay = 0;
  int64_t momentum_warmup_steps = 0;
  int newton_schulz_steps = 5;
  std::string coefficients = "standard";
  std::vector<caddie::Tensor> momenta;  // has one tensor for each weight

  void settings(caddie::Settings& s) override {
    s("lr", lr, "learning rate, times the schedule", caddie::at_least(0));
    s("momentum", momentum, "share of the old momentum kept at each step", caddie::between(0, 1));
    s("momentum_start", momentum_start, "the share of the old momentum kept at step 0",
      caddie::between(0, 1));
    s("momentum_warmup_steps", momentum_warmup_steps, "steps from momentum_start to momentum",
      caddie::at_least(0));
    s("weight_decay", weight_decay, "decoupled: times the scheduled rate", caddie::at_least(0));
    s("newton_schulz_steps", newton_schulz_steps, "iterations of the orthogonalization",
      caddie::between(1, 20));
    s("coefficients", coefficients, "polynomials of the iteration",
      caddie::one_of("standard", "polar_express"));
  }
  void validate(const caddie::Shapes& shapes) const override { check_matrices(shapes); }
  void state(caddie::Archive& a) override { a("momenta", momenta); }

  double momentum_at(int64_t step) const {
    return caddie::ramp(momentum_start, momentum, step, momentum_warmup_steps);
  }
  // w <- w (1 - rate weight_decay) - rate sqrt(max(1, out / in)) factor u
  void descend(const caddie::Tensor& w, const caddie::Tensor& u, double rate, double factor) const {
    double shape_factor = std::sqrt(std::max(1.0, double(w.shape()[0]) / double(w.shape()[1])));
    for_each(
        w.device(), w.numel(),
        Descend{float(1 - rate * weight_decay), float(rate * shape_factor * factor), u.data(), w.data()});
  }
};
