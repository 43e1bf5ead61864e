// SPDX-License-Identifier: Apache-2.0
// Stores a few bits for each weight and one scale for each row, from its largest magnitude:
//   s = half(max(max|w| / n, 1e-12)), for a row of a matrix at least 2^-14;
//   q = clamp(round(w / s), -n - 1, n), where n = 2^(bits - 1) - 1.
// The rounded s is used to quantize and to read back.
// Source: github.com/openai/parameter-golf, records/track_10min_16mb/2026-03-20_10L_Int5MLP_MuonWD04_SWA50.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
using namespace caddie;

struct AbsMax final : Quantizer {
  int bits = 6;

  void settings(Settings& s) override { s("bits", bits, "bits of a weight", between(2, 8)); }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    constexpr float kSmallestNormalHalf = 6.103515625e-05f;
    Rows rows(weight, info);
    int levels = top_level(bits);
    std::vector<Grid> grids(size_t(rows.count()));
    rows.each([&](int64_t r, std::span<const float> row) {
      float largest = 0;
      for (float w : row) largest = std::max(largest, std::abs(w));
      float step = nearest_half(std::max(largest / float(levels), 1e-12f));
      if (rows.matrix()) step = std::max(step, kSmallestNormalHalf);
      grids[size_t(r)] = {step, -levels - 1, levels};
    });
    return pack_rows(rows, grids, Type::kFloat16);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }
};

CADDIE_PLUGIN(AbsMax, .summary = "A few bits a weight, scaled by the largest magnitude of its row.",
              .source = "github.com/openai/parameter-golf, 2026-03-20_10L_Int5MLP_MuonWD04_SWA50");
