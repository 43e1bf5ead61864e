// SPDX-License-Identifier: Apache-2.0
// Sets the entries of a large matrix to zero that are smaller than a quantile of its magnitudes:
//   w = 0 where |w| < quantile(|w|, fraction), for matrices of more than min_numel entries.
// Source: github.com/openai/parameter-golf, records/track_10min_16mb/2026-03-20_10L_Int5MLP_MuonWD04_SWA50.
#include <caddie/plugin.h>
#include <caddie/quantize.h>
using namespace caddie;

struct Magnitude final : Pruner {
  double fraction = 0.03;
  int64_t min_numel = 65536;

  void settings(Settings& s) override {
    s("fraction", fraction, "share of a matrix's entries that become zero", between(0, 1));
    s("min_numel", min_numel, "matrices of at most that many entries stay as they are", at_least(0));
  }
  void prune(Tensor& weight, const WeightInfo&) override {
    if (weight.shape().rank() != 2 || weight.numel() <= min_numel) return;
    Tensor host = on_host(weight);
    std::span<float> values(host.data(), size_t(host.numel()));
    float threshold = quantile(magnitudes(values), fraction);
    for (float& w : values)
      if (std::abs(w) < threshold) w = 0;
    if (host.data() != weight.data()) copy(host, weight);
  }
};

CADDIE_PLUGIN(Magnitude, .summary = "The smallest entries of large matrices become zero.",
              .source = "github.com/openai/parameter-golf, 2026-03-20_10L_Int5MLP_MuonWD04_SWA50");
