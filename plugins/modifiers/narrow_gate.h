// SPDX-License-Identifier: Apache-2.0
// Gates that read the first channels of a value alone.
#pragma once

#include <caddie/plugin.h>

namespace caddie {

/// Returns w [out, n] with zeros for the channels from n on, [out, C]: a linear by it reads the first n of C
/// channels. Returns w itself when n is C. It keeps a table of the calling technique under the key n.
inline Var widened(Var w, Forward& forward) {
  int64_t inputs = w.shape()[1], width = forward.shape->width;
  if (inputs == width) return w;
  auto fill = [=](float* out) {
    for (int64_t channel = 0; channel < width; ++channel)
      for (int64_t i = 0; i < inputs; ++i) out[channel * inputs + i] = i == channel ? 1.0f : 0.0f;
  };
  return linear(w, constant(forward.table(inputs, {width, inputs}, fill)));
}

/// Throws Error when a gate is to read more channels than there are.
inline void check_inputs(int inputs, const ModelShape& model) {
  check(inputs <= model.width, "the gate cannot read {} inputs of {} channels; wanted at most {}", inputs,
        model.width, model.width);
}

}  // namespace caddie
