// SPDX-License-Identifier: Apache-2.0
// Gates in their later published forms: on skips, on the heads of attention, and on the embedding by content.
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

Block attention_of(Forward& forward, int layer) {
  return {forward, layer, Part::kAttention, {}, {}, {}, {}, layer};
}

Tensor rows_of_width(const char* name) { return random_tensor({2, 6, 12}, name); }

void check_refused(const std::string& plugin, const Values& settings, const char* words) {
  ModelShape model = kGated;
  Shapes shapes{.model = model, .weights = {}};
  CHECK_THROWS_WITH(make_plugin<Modifier>(plugin, settings)->validate(shapes), Catch::Contains(words));
}

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

TEST_CASE("gated_attention reads some channels, without bias, scaled before and after the sigmoid",
          "[modifiers]") {
  struct Form {
    Values settings;
    int inputs;
    double scale, factor;
  };
  Values dense = {{"bias", "false"}, {"init_std", "0.01"}, {"weight", "attn.attn_gate_w"}};
  Values sparse = {{"bias", "false"}, {"inputs", "5"}, {"scale", "0.5"}, {"weight", "attn.attn_gate_w"}};
  Values output = {{"bias", "false"}, {"inputs", "5"}, {"factor", "2"}, {"weight", "attn.attn_gate_w"}};
  for (const Form& form : {Form{dense, 12, 1, 1}, Form{sparse, 5, 0.5, 1}, Form{output, 5, 1, 2}}) {
    PluginHost host("gated_attention", form.settings, kGated, {0, 1, 2, 3});
    INFO(form.inputs << " inputs, scale " << form.scale << ", factor " << form.factor);
    REQUIRE(host.infos().size() == 4);
    const WeightInfo& info = host.info("blocks.2.attn.attn_gate_w");
    CHECK(info.shape == Shape{4, form.inputs});
    CHECK((info.init.kind == Init::Kind::kNormal) == (form.inputs == 12));
    CHECK(info.init.deviation == (form.inputs == 12 ? 0.01 : 0));
    auto op = [&] {
      TestForward forward(kGated, kGatedIds);
      Block block = attention_of(forward, 2);
      block.h = host.input(1);
      return host.as<Modifier>().attended(block, host.input(0));
    };
    std::vector<Tensor> inputs = host.random_weights({random_tensor({2, 6, 4, 3}, "y"), rows_of_width("h")});
    Tensor y = run(op, inputs);
    for (int64_t i : {0, 50, 143}) {
      double gate = 0;
      for (int c = 0; c < form.inputs; ++c)
        gate +=
            double(inputs[2].data()[i / 3 % 4 * form.inputs + c]) * double(inputs[5].data()[i / 12 * 12 + c]);
      CHECK(y.data()[i] == Approx(double(inputs[4].data()[i]) * form.factor * logistic(form.scale * gate)));
    }
    check_gradients(op, inputs);
  }
  check_refused("gated_attention", {{"inputs", "13"}}, "13 inputs of 12 channels");
}

TEST_CASE("gated_attention may read the query projection in place of the input", "[modifiers]") {
  Values settings = {{"source", "query"}, {"bias", "false"}, {"inputs", "5"}};
  PluginHost host("gated_attention", settings, kGated, {0, 1, 2, 3});
  auto op = [&] {
    TestForward forward(kGated, kGatedIds);
    Block block = attention_of(forward, 1);
    block.h = host.input(1);
    block.query_projection = host.input(2);
    return host.as<Modifier>().attended(block, host.input(0));
  };
  Tensor y = random_tensor({2, 6, 4, 3}, "y"), q = random_tensor({2, 6, 4, 3}, "q");
  std::vector<Tensor> inputs = host.random_weights({y, rows_of_width("h"), q});
  double gate = 0;  // of head 3 at position 7
  for (int c = 0; c < 5; ++c) gate += double(inputs[1].data()[3 * 5 + c]) * double(q.data()[7 * 12 + c]);
  CHECK(run(op, inputs).data()[7 * 12 + 3 * 3 + 2] ==
        Approx(double(y.data()[7 * 12 + 3 * 3 + 2]) * logistic(gate)));
  check_gradients(op, inputs);
}

TEST_CASE("smear_gate by content adds a share of the previous embedding", "[modifiers]") {
  for (bool mask : {false, true}) {
    PluginHost host("smear_gate",
                    {{"form", "content"},
                     {"position", "before_norm"},
                     {"inputs", "5"},
                     {"bos_mask", mask},
                     {"weight", "smear_gate.weight"}},
                    kGated);
    INFO((mask ? "documents apart" : "documents together"));
    CHECK(host.names() == std::vector<std::string>{"smear_gate.weight", "smear_lambda"});
    CHECK(host.info("smear_gate.weight").shape == Shape{1, 5});
    CHECK(host.info("smear_lambda").shape == Shape{1});
    for (const WeightInfo& info : host.infos()) CHECK(info.init.rows == std::vector<double>{0});
    auto op = [&] {
      TestForward forward(kGated, kGatedIds);
      return host.as<Modifier>().embedded(forward, host.input(0));
    };
    std::vector<Tensor> inputs = host.random_weights({rows_of_width("x")});
    const float *w = inputs[0].data(), *x = inputs[2].data();
    Tensor y = run(op, inputs);
    for (int64_t t = 0; t < 12; ++t) {
      double gate = 0;
      for (int c = 0; c < 5; ++c) gate += double(w[c]) * double(x[t * 12 + c]);
      bool alone = t % 6 == 0 || (mask && kGatedTokens[size_t(t)] == 1);
      double share = alone ? 0 : double(inputs[1].data()[0]) * logistic(gate);
      for (int64_t c : {0, 5, 11}) {
        double previous = t > 0 ? x[(t - 1) * 12 + c] : 0;
        CHECK(y.data()[t * 12 + c] == Approx(x[t * 12 + c] + share * previous).margin(1e-6));
      }
    }
    check_gradients(op, inputs);
  }
  PluginHost after("smear_gate", {{"form", "content"}, {"inputs", "0"}}, kGated);
  CHECK(after.info("smear.gate").shape == Shape{1, 12});
  std::vector<Tensor> inputs = after.random_weights({rows_of_width("x")});
  auto at = [&](bool embedded) {
    return run(
        [&] {
          TestForward forward(kGated, kGatedIds);
          Var x = after.input(0);
          return embedded ? after.as<Modifier>().embedded(forward, x) : after.as<Modifier>().stem(forward, x);
        },
        inputs);
  };
  CHECK(caddie::same_bits(at(true), inputs[2]));
  CHECK_FALSE(caddie::same_bits(at(false), inputs[2]));
  check_refused("smear_gate", {{"form", "content"}, {"inputs", "13"}}, "13 inputs of 12 channels");
  for (const auto& [name, value] :
       Values{{"first", "self"}, {"gate_multiplies", "current"}, {"gate_init", 1.0}})
    check_refused("smear_gate", {{"form", "content"}, {name, value}}, "form content has no");
}
