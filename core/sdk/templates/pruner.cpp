// SPDX-License-Identifier: Apache-2.0
// Sets the numbers of a weight to zero that are smaller than a part of its largest magnitude.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>

#include <algorithm>
#include <cmath>
using namespace caddie;

struct NewPlugin final : Pruner {
  double threshold = 0.05;

  void settings(Settings& s) override {
    s("threshold", threshold, "part of the largest magnitude", between(0, 1));
  }
  void prune(Tensor& weight, const WeightInfo&) override {
    Tensor host = on_host(weight);
    float largest = 0;
    for (int64_t i = 0; i < host.numel(); ++i) largest = std::max(largest, std::abs(host.data()[i]));
    for (int64_t i = 0; i < host.numel(); ++i)
      if (std::abs(host.data()[i]) < float(threshold) * largest) host.data()[i] = 0;
    if (host.data() != weight.data()) copy(host, weight);
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Small numbers become zero.", .source = "fill in");
