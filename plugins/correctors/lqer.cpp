// SPDX-License-Identifier: Apache-2.0
// Stores with the weights that lost most by quantizing a product of two narrow factors that is nearest to
// what they lost. With e = w - restored, for the weights with the largest |e| of all:
//   e = u s v^T;  a = u_r s_r and b = v_r^T, the r leading terms, as small integers;  w' = restored + a b
// factor_codes.h says how the factors are stored.
// Source: arXiv:2402.02446; github.com/openai/parameter-golf, pull request 1797.
#include <caddie/plugin.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "factor_codes.h"
using namespace caddie;

struct Lqer final : Corrector {
  int rank = 4, top = 3, group_size = 64, bits = 4;
  std::string codes = "asymmetric";

  void settings(Settings& s) override {
    s("rank", rank, "columns of the first factor and rows of the second", between(1, 1 << 10));
    s("top", top, "weights to correct, those that lost most", at_least(1));
    s("codes", codes, "how the factors are stored", one_of("asymmetric", "symmetric"));
    s("group_size", group_size, "numbers of the second factor that share a scale, if asymmetric",
      between(1, 1 << 20));
    s("bits", bits, "bits of a factor's number, if symmetric", between(2, 8));
  }
  void validate(const Shapes& shapes) const override { check_matrices(shapes); }

  std::vector<Packed> pack(std::span<const RestoredWeight> weights) override {
    std::vector<Tensor> lost(weights.size());
    std::vector<double> sizes(weights.size());
    parallel_for(int(weights.size()), [&](int i) {
      const RestoredWeight& weight = weights[size_t(i)];
      Tensor& e = lost[size_t(i)] = clone(weight.weight);
      for (int64_t k = 0; k < e.numel(); ++k) {
        e.data()[k] -= weight.restored.data()[k];
        sizes[size_t(i)] += double(e.data()[k]) * double(e.data()[k]);
      }
    });
    std::vector<size_t> order(weights.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
    order.resize(std::min(order.size(), size_t(top)));
    std::vector<Packed> corrections(weights.size());
    parallel_for(int(order.size()), [&](int k) {
      size_t i = order[size_t(k)];
      if (sizes[i] > 0) corrections[i] = pack_factors(low_rank(lost[i], rank), factor_codes());
    });
    return corrections;
  }
  void correct(const Packed& packed, Tensor& weight) const override { add_product(packed, weight); }

  /// Returns the bytes of the largest weights that there are to correct.
  int64_t extra_bytes(std::span<const WeightInfo* const> weights) const override {
    std::vector<int64_t> all;
    for (const WeightInfo* weight : weights) {
      int64_t out = weight->shape[0], in = weight->shape[1];
      all.push_back(codes == "asymmetric" ? rank * (2 * out + 4 * in + 16 * in / group_size) / 8
                                          : (rank * bits * (out + in) + 16 * (out + rank)) / 8);
    }
    std::sort(all.rbegin(), all.rend());
    all.resize(std::min(all.size(), size_t(top)));
    return std::accumulate(all.begin(), all.end(), int64_t(0));
  }

  FactorCodes factor_codes() const { return {codes == "asymmetric", group_size, bits}; }
};

CADDIE_PLUGIN(Lqer, .summary = "A low-rank product corrects the weights that lost most by quantizing.",
              .source = "arXiv:2402.02446; github.com/openai/parameter-golf, pull request 1797");
