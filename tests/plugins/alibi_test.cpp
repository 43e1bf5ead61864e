// SPDX-License-Identifier: Apache-2.0
// Attention with linear biases, against the same attention worked out in double precision score by score.
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Attention behind all sites of alibi; inputs are q [B,T,H,D], k and v [B,T,K,D].
Var attention_with(PluginHost& host) {
  TestForward forward({}, {});
  Block block{forward, 0, Part::kAttention, {}, {}, {}, {}};
  auto& alibi = host.as<Modifier>();
  QueryKey qk = alibi.query_key(block, {host.input(0), host.input(1)});
  return alibi.attended(block, attention(qk.q, qk.k, alibi.value(block, host.input(2))));
}

/// The same for one query: softmax(q k / sqrt(D) - slope (i - j)) v, component c.
double expected(const std::vector<Tensor>& qkv, int64_t i, int64_t h, int64_t c, double slope) {
  int64_t heads = qkv[0].shape()[2], keys = qkv[1].shape()[2], size = qkv[0].shape()[3];
  const float* q = qkv[0].data() + (i * heads + h) * size;
  double sum = 0, weighted = 0;
  for (int64_t j = 0; j <= i; ++j) {
    int64_t at = (j * keys + h / (heads / keys)) * size;
    double score = 0;
    for (int64_t d = 0; d < size; ++d) score += double(q[d]) * double(qkv[1].data()[at + d]);
    double weight = std::exp(score / std::sqrt(double(size)) - slope * double(i - j));
    sum += weight;
    weighted += weight * double(qkv[2].data()[at + c]);
  }
  return weighted / sum;
}

void check_slopes(const std::vector<double>& slopes, int64_t keys, int64_t length) {
  INFO(slopes.size() << " heads");
  auto heads = int64_t(slopes.size());
  PluginHost host("alibi");
  std::vector<Tensor> qkv = {random_tensor({1, length, heads, 6}, "q"),
                             random_tensor({1, length, keys, 6}, "k"),
                             random_tensor({1, length, keys, 6}, "v")};
  Tensor y = run([&] { return attention_with(host); }, qkv);
  REQUIRE(y.shape() == qkv[0].shape());
  for (int64_t i = 0; i < length; i += 7)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t c = 0; c < 6; ++c)
        CHECK(double(y.data()[(i * heads + h) * 6 + c]) ==
              Approx(expected(qkv, i, h, c, slopes[size_t(h)])).margin(2e-5));
}

}  // namespace

TEST_CASE("alibi takes from each score its head's slope times the distance", "[modifiers]") {
  // The paper's slopes of 8 heads are 1/2, 1/4, ..., 1/256.
  check_slopes({0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625}, 4, 200);
  check_slopes({0.0625, 0.00390625}, 2, 20);
  // Six heads: the four of 2^-2, 2^-4, 2^-6, 2^-8, then the first and third of eight.
  check_slopes({0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125}, 3, 20);
}

TEST_CASE("the gradient goes back through alibi", "[modifiers]") {
  PluginHost host("alibi");
  check_gradients(
      [&] { return attention_with(host); },
      {random_tensor({2, 5, 4, 6}, "q"), random_tensor({2, 5, 2, 6}, "k"), random_tensor({2, 5, 2, 6}, "v")});
}
