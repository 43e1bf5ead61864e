// SPDX-License-Identifier: Apache-2.0
// Gates in their later published forms.
// Expected numbers are computed here in float64 from the formulas, element by element.
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr ModelShape kGated = {
    .vocabulary = 11, .layers = 4, .width = 12, .heads = 4, .kv_heads = 2, .head_size = 3};
const std::vector<int32_t> kGatedTokens = {1, 5, 9, 3, 1, 7, 2, 2, 10, 0, 1, 4};
const Ids kGatedIds = {kGatedTokens.data(), 2, 6};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

Block attention_of(Forward& forward, int layer) { return {forward, layer, Part::kAttention, {}, {}, {}, {}}; }

Tensor rows_of_width(const char* name) { return random_tensor({2, 6, 12}, name); }

}  // namespace

TEST_CASE("unet_skips with gates takes a share of the stream and of the skip", "[modifiers]") {
  PluginHost host("unet_skips", {{"gates", "true"}}, kGated);
  CHECK(host.names() == std::vector<std::string>{"skip_weights", "skip_gates"});
  CHECK(host.info("skip_gates").shape == Shape{2, 12});
  CHECK(host.info("skip_gates").init.rows == std::vector<double>{0});
  auto op = [&] {
    TestForward forward(kGated, kGatedIds);
    auto& skips = host.as<Modifier>();
    Var x = host.input(0);
    for (int layer : {0, 1}) {
      Block block = attention_of(forward, layer);
      x = skips.leave(block, x * float(layer + 2));
    }
    for (int layer : {2, 3}) {
      Block block = attention_of(forward, layer);
      x = skips.enter(block, x);
    }
    return x;
  };
  std::vector<Tensor> inputs = host.random_weights({rows_of_width("x")});
  Tensor y = run(op, inputs);
  for (int64_t i : {0, 17, 143}) {
    int64_t c = i % 12;
    double x0 = 2 * double(inputs[2].data()[i]), x1 = 3 * x0;
    double g0 = logistic(inputs[1].data()[c]), g1 = logistic(inputs[1].data()[12 + c]);
    double x = g0 * x1 + (1 - g0) * double(inputs[0].data()[c]) * x1;
    CHECK(y.data()[i] == Approx(g1 * x + (1 - g1) * double(inputs[0].data()[12 + c]) * x0));
  }
  check_gradients(op, inputs);
}
