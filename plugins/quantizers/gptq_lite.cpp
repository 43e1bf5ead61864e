// SPDX-License-Identifier: Apache-2.0
// Stores a few bits for each weight and one scale for each row, with the clip that errs least among a few
// quantiles p of |w|:
//   s = half(max(quantile_p(|w|) / n, 1 / n));  q = clamp(round(w / s), -n, n);  n = 2^(bits - 1) - 1
// The p is chosen for the whole matrix (granularity "tensor") or for each row, by the mean of (w - q s)^2.
// Source: github.com/openai/parameter-golf, records/track_10min_16mb/2026-03-22_11L_EMA_GPTQ-lite_*.
#include <caddie/plugin.h>
#include <caddie/quantize.h>
using namespace caddie;

struct GptqLite final : Quantizer {
  int bits = 6;
  std::string granularity = "tensor";
  std::vector<double> percentiles = {0.999, 0.9995, 0.9999, 0.99999, 1};  // The first wins among equals.

  void settings(Settings& s) override {
    s("bits", bits, "bits of a weight", between(2, 8));
    s("granularity", granularity, "what shares one choice of the percentile", one_of("tensor", "row"));
    s("percentiles", percentiles, "quantiles of a row's magnitudes to try, rising", between(0, 1));
  }
  void validate(const Shapes&) const override { check_rising(percentiles); }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Rows rows(weight, info);
    return pack_rows(rows, least_error_grids(rows, percentiles, bits, granularity == "row"), Type::kFloat16);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }
};

CADDIE_PLUGIN(GptqLite, .summary = "A few bits a weight, clipped where the squared error is least.",
              .source = "github.com/openai/parameter-golf, 2026-03-22_11L_EMA_GPTQ-lite_warmdown3500_QAT015");
