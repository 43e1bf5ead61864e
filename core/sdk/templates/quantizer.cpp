// SPDX-License-Identifier: Apache-2.0
// Stores a few bits for each number and one scale for each row, from its largest magnitude:
// q = clamp(round(w / s), -n, n), s = half(max|w| / n), n = 2^(bits - 1) - 1.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
#include <cmath>
using namespace caddie;

struct NewPlugin final : Quantizer {
  int bits = 7;

  void settings(Settings& s) override { s("bits", bits, "bits of a number", between(2, 8)); }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Rows rows(weight, info);
    int most = top_level(bits);
    std::vector<Grid> grids(size_t(rows.count()));
    rows.each([&](int64_t r, std::span<const float> row) {
      float largest = 0;
      for (float w : row) largest = std::max(largest, std::abs(w));
      grids[size_t(r)] = {nearest_half(largest / float(most)), -most, most};
    });
    return pack_rows(rows, grids, Type::kFloat16);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "A few bits a number, scaled by rows.", .source = "fill in");
