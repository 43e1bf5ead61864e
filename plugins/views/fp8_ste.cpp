// SPDX-License-Identifier: Apache-2.0
// Trains with floats of 8 bits in sight: while it trains, the model reads each weight rounded to the nearest
// one, with 4 bits of exponent and 3 of fraction (E4M3), and beyond the largest, 448, as that. The gradient
// passes straight through. w, y: any shape.
// Source: arXiv:2209.05433; github.com/openai/parameter-golf, pull request 640.
#include "straight_through.h"

using namespace caddie;

struct RoundToByte {
  const float* w;
  float* y;
  CADDIE_FN void operator()(int64_t i) const { y[i] = from_e4m3(to_e4m3(w[i])); }
};

struct Fp8StraightThrough final : WeightView {
  int64_t after_step = 0;

  void settings(Settings& s) override {
    s("after_step", after_step, "acts after this many steps", at_least(0));
  }
  bool acts(const Progress& progress) const override { return progress.step >= after_step; }

  Var view(Var w, const WeightInfo&, const Progress& progress, Mode mode) override {
    if (mode != Mode::kTrain || !acts(progress)) return w;
    Var y = result(w.shape());
    for_each(w.device(), w.value().numel(), RoundToByte{w.data(), y.data()});
    record_straight_through(y, w);
    return y;
  }
};

CADDIE_PLUGIN(Fp8StraightThrough,
              .summary =
                  "The model trains on weights rounded to floats of 8 bits, with straight-through "
                  "gradients.",
              .source = "arXiv:2209.05433; github.com/openai/parameter-golf, pull request 640");
