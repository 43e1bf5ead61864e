// SPDX-License-Identifier: Apache-2.0
// Stores what the first rows of each matrix lost by quantizing, as halves: w' = restored + e.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
using namespace caddie;

struct NewPlugin final : Corrector {
  int rows = 4;

  void settings(Settings& s) override {
    s("rows", rows, "rows of each weight that are corrected", between(1, 1 << 16));
  }
  void validate(const Shapes& shapes) const override { check_matrices(shapes); }

  std::vector<Packed> pack(std::span<const RestoredWeight> weights) override {
    std::vector<Packed> corrections;
    for (const RestoredWeight& one : weights) {
      Tensor lost({std::min<int64_t>(rows, one.weight.shape()[0]), one.weight.shape()[1]});
      for (int64_t i = 0; i < lost.numel(); ++i)
        lost.data()[i] = one.weight.data()[i] - one.restored.data()[i];
      corrections.push_back(pack_floats(lost, *one.info, Type::kFloat16));
    }
    return corrections;
  }
  // The arrays may come from another object with other settings, or from a damaged file.
  void correct(const Packed& packed, Tensor& weight) const override {
    check(packed.size() == 1 && packed[0].shape.rank() == 2 && packed[0].shape[0] <= weight.shape()[0] &&
              packed[0].shape[1] == weight.shape()[1],
          "the correction does not fit a weight of shape {}", weight.shape());
    std::vector<float> lost = floats_of(packed[0]);
    check(int64_t(lost.size()) == packed[0].shape.numel(), "the correction is damaged");
    for (size_t i = 0; i < lost.size(); ++i) weight.data()[i] += lost[i];
  }
  int64_t extra_bytes(std::span<const WeightInfo* const> weights) const override {
    int64_t bytes = 0;
    for (const WeightInfo* info : weights)
      bytes += 2 * std::min<int64_t>(rows, info->shape[0]) * info->shape[1];
    return bytes;
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Halves correct the first rows.", .source = "fill in");
