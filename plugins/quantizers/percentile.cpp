// SPDX-License-Identifier: Apache-2.0
// Stores a few bits for each weight and one scale for each row, which is clipped at a high quantile of its
// magnitudes:
//   c = quantile(|w|);  s = max(c / n, 1 / n);  q = clamp(round(w / s), -n, n);  n = 2^(bits - 1) - 1;
// s is stored as half. The lower bound makes rows with |w| < 1 coarse. A weight that is no matrix counts as
// one row, has n = 127 and no lower bound of s, and stores s as float32.
// Source: github.com/openai/parameter-golf, pull request 206.
#include <caddie/plugin.h>
#include <caddie/quantize.h>
using namespace caddie;

struct Percentile final : Quantizer {
  int bits = 6;
  double percentile = 0.9999984;

  void settings(Settings& s) override {
    s("bits", bits, "bits of a weight in a matrix; other weights take 8", between(2, 8));
    s("percentile", percentile, "quantile of a row's magnitudes where it is clipped", between(0, 1));
  }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    return pack_at_percentile(Rows(weight, info), percentile, bits);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }
};

CADDIE_PLUGIN(Percentile, .summary = "A few bits a weight, rows clipped at a percentile.",
              .source = "github.com/openai/parameter-golf, pull request 206");
