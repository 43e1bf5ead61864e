// SPDX-License-Identifier: Apache-2.0
// Gives more bits to the groups of columns that matter most, chosen among the groups of all weights by
//   score = sum over the columns j of a group of rms(x_j) mean_i |w_ij|,
// with x the inputs of the weight. Columns behind the last full group do not take part.
// Source: github.com/openai/parameter-golf, pull request 1908; the scaling that it stands in for is
// arXiv:2306.00978.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
#include <cmath>
using namespace caddie;

namespace {

/// Describes one group of columns of one weight.
struct Group {
  double score;
  size_t weight;
  int64_t begin;
};

}  // namespace

struct AwqLite final : Allocator {
  int bits = 8, group_size = 64, groups = 1;

  void settings(Settings& s) override {
    s("bits", bits, "bits of a weight in the chosen columns", between(3, 8));
    s("group_size", group_size, "neighbouring columns that are chosen together", between(1, 1 << 16));
    s("groups", groups, "groups to choose, of all weights together", between(1, 1 << 16));
  }
  void validate(const Shapes& shapes) const override {
    bool fits = std::any_of(shapes.weights.begin(), shapes.weights.end(), [&](const WeightInfo* weight) {
      return weight->shape.rank() == 2 && weight->shape[1] >= group_size;
    });
    check(fits || shapes.weights.empty(), "group_size {} is more than the columns of each weight it claims",
          group_size);
  }

  std::vector<FineColumns> choose(std::span<const CalibratedWeight> weights) override {
    std::vector<Group> all;
    for (size_t i = 0; i < weights.size(); ++i)
      if (weights[i].bits < bits) add_groups(weights[i], i, all);
    std::stable_sort(all.begin(), all.end(),
                     [](const Group& a, const Group& b) { return a.score > b.score; });
    all.resize(std::min(all.size(), size_t(groups)));
    std::stable_sort(all.begin(), all.end(),
                     [](const Group& a, const Group& b) { return a.begin < b.begin; });
    std::vector<FineColumns> chosen(weights.size(), FineColumns{{}, bits});
    for (const Group& group : all)
      chosen[group.weight].columns.push_back({group.begin, group.begin + group_size});
    return chosen;
  }

  /// Returns the bytes of the largest groups that there are to choose, and of their scales.
  int64_t extra_bytes(std::span<const CalibratedWeight> weights) const override {
    std::vector<int64_t> all;
    for (const CalibratedWeight& weight : weights)
      for (int64_t g = 0; weight.bits < bits && g < weight.info->shape[1] / group_size; ++g)
        all.push_back(weight.info->shape[0] * (group_size * (bits - weight.bits) + 16) / 8);
    std::sort(all.rbegin(), all.rend());
    int64_t sum = 0;
    for (size_t i = 0; i < std::min(all.size(), size_t(groups)); ++i) sum += all[i];
    return sum;
  }

  /// Adds the groups of one weight.
  void add_groups(const CalibratedWeight& weight, size_t index, std::vector<Group>& all) const {
    int64_t rows = weight.weight->shape()[0], columns = weight.weight->shape()[1];
    const float* w = weight.weight->data();
    std::vector<double> magnitudes(static_cast<size_t>(columns));
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t j = 0; j < columns; ++j) magnitudes[size_t(j)] += std::abs(double(w[r * columns + j]));
    for (int64_t begin = 0; begin + group_size <= columns; begin += group_size) {
      double score = 0;
      for (int64_t j = begin; j < begin + group_size; ++j)
        score += double(weight.input_rms->data()[j]) * magnitudes[size_t(j)] / double(rows);
      all.push_back({score, index, begin});
    }
  }
};

CADDIE_PLUGIN(AwqLite, .summary = "More bits for the columns whose inputs and weights are largest.",
              .source = "github.com/openai/parameter-golf, pull request 1908; arXiv:2306.00978");
