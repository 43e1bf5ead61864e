// SPDX-License-Identifier: Apache-2.0
// Gives eight bits to the columns of each matrix whose inputs are largest.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>

#include <algorithm>
using namespace caddie;

struct NewPlugin final : Allocator {
  int columns = 4;

  void settings(Settings& s) override {
    s("columns", columns, "neighbouring columns of each matrix that get more bits", between(1, 1 << 16));
  }

  std::vector<FineColumns> choose(std::span<const CalibratedWeight> weights) override {
    std::vector<FineColumns> chosen;
    for (const CalibratedWeight& weight : weights) {
      if (weight.bits >= 8) {
        chosen.emplace_back();
        continue;
      }
      const float* rms = weight.input_rms->data();
      int64_t all = weight.input_rms->numel();
      int64_t largest = std::max_element(rms, rms + all) - rms;
      int64_t begin = std::clamp<int64_t>(largest - columns / 2, 0, std::max<int64_t>(0, all - columns));
      chosen.push_back({{{begin, std::min(all, begin + columns)}}, 8});
    }
    return chosen;
  }
  int64_t extra_bytes(std::span<const CalibratedWeight> weights) const override {
    int64_t bits = 0;  // those of the integers, and a scale of two bytes for each row
    for (const CalibratedWeight& weight : weights)
      if (weight.bits < 8) bits += weight.info->shape[0] * (columns * (8 - weight.bits) + 16);
    return bits / 8;
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "More bits for the columns with the largest inputs.",
              .source = "fill in");
