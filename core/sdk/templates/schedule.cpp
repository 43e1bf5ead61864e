// SPDX-License-Identifier: Apache-2.0
// Lets the learning rates fall as a power of what is left of the training: (1 - t)^power, t in [0, 1).
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>

#include <algorithm>
#include <cmath>
using namespace caddie;

struct NewPlugin final : Schedule {
  double power = 1;

  void settings(Settings& s) override { s("power", power, "1 falls in a straight line", between(0, 10)); }
  double scale(const Progress& progress) const override {
    return std::pow(std::max(0.0, 1 - progress.fraction()), power);
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Rates fall as a power of what is left.", .source = "fill in");
