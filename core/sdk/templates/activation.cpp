// SPDX-License-Identifier: Apache-2.0
// Leaves positive values as they are and damps negative ones: y = x for x > 0, and y = slope x otherwise.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

// Runs on every device. `backward` returns the gradient of x, which is dy times the slope of y at x.
struct Damp {
  float slope;
  CADDIE_FN float forward(float x) const { return x > 0 ? x : slope * x; }
  CADDIE_FN float backward(float x, float dy) const { return x > 0 ? dy : slope * dy; }
};

struct NewPlugin final : Activation {
  double slope = 0.1;

  void settings(Settings& s) override { s("slope", slope, "what multiplies negative values", between(0, 1)); }
  Var apply(Var x) override { return map(Damp{float(slope)}, x); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Negative values damped by a factor.", .source = "fill in");
