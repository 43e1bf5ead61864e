// SPDX-License-Identifier: Apache-2.0
// Lowers the rate along half a wave of the cosine, down to min_scale at the end of the budget:
//   scale = min_scale + (1 - min_scale) (1 + cos(pi x)) / 2,  x = (f - (1 - fraction)) / fraction in [0, 1],
// where f is the share of the budget that is used, by the clock whenever there is a wall-clock budget. The
// scale is multiplied by min(step / lr_warmup_steps, 1).
// Source: arXiv:1608.03983, without its restarts.
#include <caddie/plugin.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "remark_on_warmup.h"
using namespace caddie;

struct Cosine final : Schedule {
  double fraction = 1, min_scale = 0;
  int64_t lr_warmup_steps = 0;

  void settings(Settings& s) override {
    s("fraction", fraction, "length of the descent as a share of the budget; 0: none", between(0, 1));
    s("min_scale", min_scale, "where the descent ends", between(0, 1));
    s("lr_warmup_steps", lr_warmup_steps, "steps of a linear rise from 0", at_least(0));
  }
  std::string remark(const Shapes& shapes) const override {
    return remark_on_warmup(lr_warmup_steps, shapes);
  }
  double scale(const Progress& p) const override {
    return descent(p.fraction()) * ramp(0, 1, p.step, lr_warmup_steps);
  }
  double descent(double used) const {
    double gone = used - (1 - fraction);
    if (fraction == 0 || gone <= 0) return 1;
    double wave = (1 + std::cos(std::numbers::pi * std::min(gone / fraction, 1.0))) / 2;
    return min_scale + (1 - min_scale) * wave;
  }
};

CADDIE_PLUGIN(Cosine,
              .summary = "Half a cosine wave from the full learning rate down to the end of the budget.",
              .source = "arXiv:1608.03983");
