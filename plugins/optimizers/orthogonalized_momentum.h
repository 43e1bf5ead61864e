// SPDX-License-Identifier: Apache-2.0
// Optimizers of Muon's family share their settings, the momentum's warm-up and the last step: an update
// [out, in] that was orthogonalized by Newton-Schulz iterations is scaled by sqrt(max(1, out / in)). Weight
// decay may taper: with f the share of the budget that is used, it is multiplied by
//   1 + (decay_taper_end - 1) min((f - a) / (1 - a), 1) once f exceeds a = decay_taper_start.
// Source: Keller Jordan, "Muon", 2024; github.com/openai/parameter-golf, pull request 1729 for the taper.
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
  double decay_taper_start = 1, decay_taper_end = 1;
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
    s("decay_taper_start", decay_taper_start, "share of the budget from which on weight decay tapers",
      caddie::between(0, 1));
    s("decay_taper_end", decay_taper_end, "what weight decay is multiplied by at the end; 1: it stays",
      caddie::at_least(0));
    s("newton_schulz_steps", newton_schulz_steps, "iterations of the orthogonalization",
      caddie::between(1, 20));
    s("coefficients", coefficients, "polynomials of the iteration",
      caddie::one_of("standard", "polar_express"));
  }
  void validate(const caddie::Shapes& shapes) const override { check_matrices(shapes); }
  std::string remark(const caddie::Shapes& shapes) const override {
    bool ends = momentum_start == momentum || momentum_warmup_steps < shapes.steps;
    if (ends || shapes.steps == 0) return "";
    return caddie::message(
        "momentum_warmup_steps = {} and the training has {} steps, so the momentum never rises to {}",
        {momentum_warmup_steps, shapes.steps, momentum});
  }
  void state(caddie::Archive& a) override { a("momenta", momenta); }

  double momentum_at(int64_t step) const {
    return caddie::ramp(momentum_start, momentum, step, momentum_warmup_steps);
  }
  // Returns the weight decay of the step about to be taken, still without the rate.
  double decay_at(const caddie::Progress& p) const {
    if (decay_taper_end == 1) return weight_decay;
    if (p.fraction() <= decay_taper_start) return weight_decay;
    double along = std::min((p.fraction() - decay_taper_start) / std::max(1 - decay_taper_start, 1e-9), 1.0);
    return weight_decay * (1 + (decay_taper_end - 1) * along);
  }
  // w <- w (1 - rate decay) - rate sqrt(max(1, out / in)) factor u
  void descend(const caddie::Tensor& w, const caddie::Tensor& u, double rate, double decay,
               double factor) const {
    double shape_factor = std::sqrt(std::max(1.0, double(w.shape()[0]) / double(w.shape()[1])));
    for_each(w.device(), w.numel(),
             Descend{float(1 - rate * decay), float(rate * shape_factor * factor), u.data(), w.data()});
  }
};
