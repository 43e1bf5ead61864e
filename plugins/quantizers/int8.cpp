// SPDX-License-Identifier: Apache-2.0
// Stores eight bits for each weight and one scale for each row, which is clipped at a high quantile of its
// magnitudes:
//   c = quantile(|w|);  s = max(c / 127, 1 / 127);  q = clamp(round(w / s), -127, 127);  s is stored as half.
// A weight that is no matrix counts as one row, has no lower bound of s, and stores s as float32.
// With multiple = m > 1 only every m-th integer serves, which a compressor makes use of:
//   q <- clamp(m round(q / m), lowest, highest), the bounds being multiples of m that a byte holds.
// m = 4 leaves 64 integers, as many as six bits hold.
// Source: github.com/openai/parameter-golf, train_gpt.py, and
// records/track_10min_16mb/2026-03-19_MLP3x_QAT_Int6_SlidingWindow for multiple = 4.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
#include <cmath>
using namespace caddie;

struct Int8 final : Quantizer {
  double percentile = 0.9999984;
  int multiple = 1;

  void settings(Settings& s) override {
    s("percentile", percentile, "quantile of a row's magnitudes where it is clipped", between(0, 1));
    s("multiple", multiple, "only multiples of this are stored; 4 leaves 64 levels", between(1, 127));
  }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Packed packed = pack_at_percentile(Rows(weight, info), percentile, 8);
    if (multiple > 1)
      for (Array& array : packed)
        if (array.type == Type::kInt8)
          for (char& byte : array.bytes) byte = char(coarse(int8_t(byte)));
    return packed;
  }
  /// Returns the multiple that is nearest to q, half to even.
  int8_t coarse(int8_t q) const {
    int nearest = multiple * int(std::nearbyint(float(q) / float(multiple)));
    return int8_t(std::clamp(nearest, -(128 / multiple) * multiple, (127 / multiple) * multiple));
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }
};

CADDIE_PLUGIN(Int8, .summary = "Eight bits a weight, rows clipped at a percentile.",
              .source = "github.com/openai/parameter-golf, train_gpt.py");
