// SPDX-License-Identifier: Apache-2.0
// Keeps the full rate, then lowers it in a straight line down to min_scale at the end of the budget:
//   steps:       scale = (N - step) / warmdown_steps, when that is below 1
//   wall clock:  scale = (budget - elapsed) / (warmdown_steps * mean step time), likewise
//   fraction:    scale = (1 - f) / fraction with f the share of the budget that is used; if fraction > 0
// The scale is multiplied by min(step / lr_warmup_steps, 1). The clock decides whenever there is a wall-clock
// budget.
// Source: github.com/openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

#include <algorithm>
#include <cmath>

#include "remark_on_warmup.h"
using namespace caddie;

struct Warmdown final : Schedule {
  int64_t warmdown_steps = 1200, lr_warmup_steps = 0;
  double fraction = 0, min_scale = 0;

  void settings(Settings& s) override {
    s("warmdown_steps", warmdown_steps, "length of the descent; 0: none", at_least(0));
    s("fraction", fraction, "length of the descent as a share of the budget; 0: warmdown_steps decides",
      between(0, 1));
    s("min_scale", min_scale, "where the descent ends", between(0, 1));
    s("lr_warmup_steps", lr_warmup_steps, "steps of a linear rise from 0", at_least(0));
  }
  std::string remark(const Shapes& shapes) const override {
    std::string up = remark_on_warmup(lr_warmup_steps, shapes);
    // Under a wall-clock budget nobody knows yet how many steps there will be.
    bool fits = fraction > 0 || shapes.timed || shapes.steps == 0 || warmdown_steps <= shapes.steps;
    if (fits) return up;
    double first = std::max(double(shapes.steps) / double(warmdown_steps), min_scale);
    std::string down = message(
        "warmdown_steps = {} and the training has {} steps, so the learning rates begin at {} % of their "
        "settings",
        {warmdown_steps, shapes.steps, int64_t(std::lround(100 * first))});
    return up.empty() ? down : down + "; " + up;
  }
  double scale(const Progress& p) const override {
    double down = fraction > 0 ? by_fraction(p) : p.budget_seconds > 0 ? by_clock(p) : by_steps(p);
    return down * ramp(0, 1, p.step, lr_warmup_steps);
  }
  double by_fraction(const Progress& p) const {
    double used = p.fraction();
    return used >= 1 - fraction ? std::max((1 - used) / fraction, min_scale) : 1;
  }
  double by_clock(const Progress& p) const {
    double needed = double(warmdown_steps) * p.seconds / double(std::max<int64_t>(p.step, 1));
    double left = std::max(p.budget_seconds - p.seconds, 0.0);
    if (warmdown_steps == 0 || left > needed) return 1;
    return std::max(left / std::max(needed, 1e-12), min_scale);
  }
  double by_steps(const Progress& p) const {
    int64_t left = p.steps - p.step;
    if (left <= 0 || left > warmdown_steps) return 1;  // Once no step is left, none reads the scale.
    return std::max(double(left) / double(warmdown_steps), min_scale);
  }
};

CADDIE_PLUGIN(Warmdown, .summary = "Constant learning rate, then linear descent to the end of the budget.",
              .source = "github.com/openai/parameter-golf, train_gpt.py");
