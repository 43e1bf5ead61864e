// SPDX-License-Identifier: Apache-2.0
// Eight bits a weight, one scale a row: each row is clipped at a high quantile of its magnitudes,
//   c = quantile(|w|);  s = max(c / 127, 1 / 127);  q = clamp(round(w / s), -127, 127);  s is stored as half.
// Source: github.com/openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>
#include <caddie/quantize.h>
using namespace caddie;

struct Int8 final : Quantizer {
  double percentile = 0.9999984;

  void settings(Settings& s) override {
    s("percentile", percentile, "quantile of a row's magnitudes where it is clipped", between(0, 1));
  }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    return pack_at_percentile(Rows(weight, info), percentile, 8);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }
};

CADDIE_PLUGIN(Int8, .summary = "Eight bits a weight, rows clipped at a percentile.",
              .source = "github.com/openai/parameter-golf, train_gpt.py");
