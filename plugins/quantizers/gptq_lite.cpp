// SPDX-License-Identifier: Apache-2.0
// A few bits a weight, one scale a row, with the clip that errs least among a few quantiles p of |w|:
//   s = half(max(quantile_p(|w|) / n, 1 / n));  q = clamp(round(w / s), -n, n);  n = 2^(bits - 1) - 1
// p is chosen for the whole matrix (granularity "tensor") or for each row, by the mean of (w - q s)^2.
// Source: github.com/openai/parameter-golf, records/track_10min_16mb/2026-03-22_11L_EMA_GPTQ-lite_*.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
using namespace caddie;

struct GptqLite final : Quantizer {
  int bits = 6;
  std::string granularity = "tensor";
  std::vector<double> percentiles = {0.999, 0.9995, 0.9999, 0.99999, 1};  // rising; of equals the first wins

  void settings(Settings& s) override {
    s("bits", bits, "bits of a weight", between(2, 8));
    s("granularity", granularity, "what shares one choice of the percentile", one_of("tensor", "row"));
    s("percentiles", percentiles, "quantiles of a row's magnitudes to try, rising", between(0, 1));
  }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    check(!percentiles.empty() && std::is_sorted(percentiles.begin(), percentiles.end()),
          "gptq_lite: percentiles must be at least one number, in rising order");
    Rows rows(weight, info);
    return pack_rows(rows, rows.matrix() ? search(rows) : whole(rows), Type::kFloat16);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }

  std::vector<Grid> search(const Rows& rows) const {
    size_t tries = percentiles.size();
    float n = float(top_level(bits));
    std::vector<Grid> grids(size_t(rows.count()) * tries);
    std::vector<double> errors(grids.size());
    rows.each([&](int64_t r, std::span<const float> row) {
      std::vector<float> clips(tries);
      quantiles(magnitudes(row), percentiles, clips);
      for (size_t p = 0; p < tries; ++p) {
        Grid& grid = grids[size_t(r) * tries + p];
        grid = {nearest_half(std::max(clips[p] / n, 1 / n)), -int(n), int(n)};
        errors[size_t(r) * tries + p] = squared_error(row, grid);
      }
    });
    std::vector<double> totals(tries);
    for (size_t i = 0; i < errors.size(); ++i) totals[i % tries] += errors[i];
    std::vector<Grid> chosen;
    for (size_t r = 0; r < size_t(rows.count()); ++r) {
      const double* error = granularity == "row" ? &errors[r * tries] : totals.data();
      chosen.push_back(grids[r * tries + size_t(std::min_element(error, error + tries) - error)]);
    }
    return chosen;
  }
  std::vector<Grid> whole(const Rows& rows) const {
    int n = top_level(bits);
    float largest = quantile(magnitudes(rows.row(0)), 1);
    return {Grid{nearest_half(largest > 0 ? largest / float(n) : 1), -n, n}};
  }
};

CADDIE_PLUGIN(GptqLite, .summary = "A few bits a weight, clipped where the squared error is least.",
              .source = "github.com/openai/parameter-golf, 2026-03-22_11L_EMA_GPTQ-lite_warmdown3500_QAT015");
