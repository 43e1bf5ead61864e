// SPDX-License-Identifier: Apache-2.0
// Views that round hand gradients on as if they did not, or times a slope.
#pragma once

#include <caddie/plugin.h>

// Adds dy * slope to dw; a null slope is 1.
struct PassOn {
  const float *dy, *slope;
  float* dw;
  bool fresh;
  CADDIE_FN void operator()(int64_t i) const {
    float passed = slope ? dy[i] * slope[i] : dy[i];
    dw[i] = fresh ? passed : dw[i] + passed;
  }
};

// Says that y came from w. `slope` holds dy/dw, and must last for the pass.
inline void record_straight_through(caddie::Var y, caddie::Var w, const float* slope = nullptr) {
  caddie::record(y, {w}, [=] {
    caddie::GradientSlot dw = w.grad_slot();
    caddie::for_each(w.device(), w.value().numel(), PassOn{y.grad(), slope, dw.data, dw.fresh});
  });
}
