// SPDX-License-Identifier: Apache-2.0
// Fills matrices [out, in] with normal numbers of the standard deviation gain / sqrt(in).
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>

#include <cmath>
using namespace caddie;

struct NewPlugin final : Initializer {
  double gain = 0.5;

  void settings(Settings& s) override { s("gain", gain, "deviation times sqrt(in)", between(0, 10)); }
  void fill(Tensor& weight, const WeightInfo&, const ModelShape&, Rng& rng) override {
    double deviation = gain / std::sqrt(double(weight.shape().last()));
    for (int64_t i = 0; i < weight.numel(); ++i) weight.data()[i] = float(deviation * rng.normal());
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Normal numbers, scaled by the inputs.", .source = "fill in");
