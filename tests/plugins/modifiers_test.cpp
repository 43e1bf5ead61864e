// SPDX-License-Identifier: Apache-2.0
// Modifiers one by one: values worked out by hand or published, and gradients of inputs and weights.
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

// M(r, c; o)[i][j] = sin(o + 0.7 (i+1)(j+1) + 0.3 j^2 + 0.9 i^2), the matrix of the published vectors.
Tensor sines(const Shape& shape, double o) {
  Tensor m(shape);
  int64_t columns = shape.last();
  for (int64_t k = 0; k < m.numel(); ++k) {
    int64_t row = k / columns, column = k % columns;
    auto i = double(row), j = double(column);
    m.data()[k] = float(std::sin(o + 0.7 * (i + 1) * (j + 1) + 0.3 * j * j + 0.9 * i * i));
  }
  return m;
}

constexpr ModelShape kModel = {
    .vocabulary = 11, .layers = 4, .width = 12, .heads = 4, .kv_heads = 2, .head_size = 6};
const std::vector<int32_t> kTwoRows = {1, 5, 9, 3, 1, 7, 2, 2, 10, 0, 1, 4};
const Ids kIds = {kTwoRows.data(), 2, 6};

Tensor queries() { return random_tensor({2, 6, 4, 6}, "q"); }
Tensor values() { return random_tensor({2, 6, 2, 6}, "v"); }
Tensor stream(const char* name = "x") { return random_tensor({2, 6, 12}, name); }

Block layer_of(Forward& forward, int layer) {
  return {forward, layer, Part::kAttention, {}, {}, {}, {}, layer};
}

// What a site gives for the only query of one head at each position; the key is the same.
Tensor rotated(const Values& settings, const Tensor& x, bool key = false) {
  PluginHost host("rope", settings);
  return run(
      [&] {
        TestForward forward({}, {});
        Block block = layer_of(forward, 0);
        QueryKey qk = host.as<Modifier>().query_key(block, {host.input(0), host.input(0)});
        return key ? qk.k : qk.q;
      },
      {x});
}

/// The cosine by which rope turns a pair of a head of `dims` at position t: what becomes of the first
/// component of a unit pair, cos(t / base^(2i/dims)).
double rope_cosine(const Values& settings, int64_t length, int64_t pair, int64_t dims, int64_t t) {
  Tensor x({1, length, 1, dims});
  for (int64_t i = 0; i < length; ++i) x.data()[i * dims + pair] = 1;
  return double(rotated(settings, x).data()[t * dims + pair]);
}

}  // namespace

TEST_CASE("qk_norm gives each head unit mean square", "[modifiers]") {
  PluginHost host("qk_norm");
  auto site = [&](bool key) {
    return [&host, key] {
      TestForward forward({}, {});
      Block block = layer_of(forward, 0);
      QueryKey qk = host.as<Modifier>().query_key(block, {host.input(0), host.input(1)});
      return key ? qk.k : qk.q;
    };
  };
  Tensor x = tensor_of({1, 1, 1, 4}, {0.5f, -1, 2, 0.25f});
  for (bool key : {false, true})
    check_values(run(site(key), {x, x}), {0.4338609, -0.8677219, 1.7354437, 0.2169305});
  check_gradients(site(false), {queries(), values()});
  check_gradients(site(true), {queries(), values()});
}

TEST_CASE("rope turns pairs a half apart by position", "[modifiers]") {
  std::vector<double> expected = {0.9320391,  0.8084964,  -0.6118579, -0.2794155, 0.5967769, -0.9801988,
                                  -0.0149122, -0.2619719, -0.7136185, 0.7439775,  0.4179705, 0.4716145};
  for (bool key : {false, true}) check_values(rotated({}, sines({1, 3, 1, 4}, 0.5), key), expected);
}

TEST_CASE("rope passes the other components and gives each sequence and head the same angles",
          "[modifiers]") {
  Tensor x({2, 3, 2, 7}), turned = sines({1, 3, 1, 4}, 0.5);
  for (int64_t row = 0; row < 12; ++row)
    for (int64_t i = 0; i < 7; ++i)
      x.data()[row * 7 + i] = i < 4 ? turned.data()[row / 2 % 3 * 4 + i] : float(row * 10 + i);
  Tensor y = rotated({{"dims", "4"}}, x), expected = rotated({}, turned);
  for (int64_t row = 0; row < 12; ++row)
    for (int64_t i = 0; i < 7; ++i)
      CHECK(y.data()[row * 7 + i] == (i < 4 ? expected.data()[row / 2 % 3 * 4 + i] : float(row * 10 + i)));
}

TEST_CASE("rope raises its base past the reference length", "[modifiers]") {
  Values stretched = {{"ntk_reference_length", "1024"}};
  CHECK(rope_cosine(stretched, 2048, 1, 16, 5) == Approx(std::cos(5 * 0.286415)).margin(1e-5));
  CHECK(rope_cosine(stretched, 2048, 7, 16, 2000) == Approx(std::cos(2000 * 0.0001581)).margin(1e-4));
  CHECK(rope_cosine(stretched, 1024, 1, 16, 5) == Approx(std::cos(5 * 0.3162278)).margin(1e-5));
  Values base = {{"base", "50000"}};
  CHECK(rope_cosine(base, 8, 1, 64, 5) == Approx(std::cos(5 * 0.7131111)).margin(1e-5));
  base.emplace_back("table", "bf16_invfreq");
  CHECK(rope_cosine(base, 8, 1, 64, 5) == Approx(std::cos(5 * 0.71484375)).margin(1e-6));
}

TEST_CASE("rope makes room for longer sequences by YaRN, most for slow pairs", "[modifiers]") {
  Values yarn = {{"yarn_length", "2048"}, {"yarn_reference_length", "1024"}};
  for (auto [pair, frequency] :
       {std::pair{0, 1.0}, {2, 0.1}, {3, 0.0271052371}, {4, 0.0075}, {7, 0.0001724879}})
    for (int length : {8, 600}) {
      INFO("pair " << pair << " in " << length << " positions");
      CHECK(rope_cosine(yarn, length, pair, 16, length - 1) ==
            Approx(std::cos((length - 1) * frequency)).margin(1e-6));
    }
  auto refused = [](const Values& settings, const char* words) {
    Shapes shapes{.model = kModel, .weights = {}};
    CHECK_THROWS_WITH(make_plugin<Modifier>("rope", settings)->validate(shapes), Catch::Contains(words));
  };
  refused({{"yarn_length", "2048"}, {"ntk_reference_length", "1024"}}, "set one of them to 0");
}

TEST_CASE("rope differentiates", "[modifiers]") {
  for (const char* dims : {"0", "2", "4"}) {
    PluginHost host("rope", {{"dims", dims}});
    check_gradients(
        [&] {
          TestForward forward(kModel, kIds);
          Block block = layer_of(forward, 0);
          Var q = host.input(0);
          QueryKey qk = host.as<Modifier>().query_key(block, {q, host.input(1)});
          return qk.q + q;  // the gradient of q is not fresh when rope adds to it
        },
        {queries(), values()});
  }
}

TEST_CASE("q_gain multiplies the queries of each head", "[modifiers]") {
  PluginHost host("q_gain", {}, kModel, {0, 1, 2, 3});
  CHECK(host.info("blocks.3.attn.q_gain").shape == Shape{4});
  CHECK(host.info("blocks.3.attn.q_gain").init.rows == std::vector<double>{1.5});
  auto op = [&] {
    TestForward forward(kModel, kIds);
    Block block = layer_of(forward, 2);
    return host.as<Modifier>().query_key(block, {host.input(0), host.input(1)}).q;
  };
  std::vector<Tensor> inputs = host.random_weights({queries(), values()});
  Tensor y = run(op, inputs);
  CHECK(y.data()[37] == inputs[4].data()[37] * inputs[2].data()[37 / 6 % 4]);
  check_gradients(op, inputs);
}

TEST_CASE("resid_mix mixes x and x0 by channel", "[modifiers]") {
  PluginHost host("resid_mix", {}, kModel, {0, 1, 2, 3});
  CHECK(host.info("blocks.2.resid_mix").shape == Shape{2, 12});
  CHECK(host.info("blocks.2.resid_mix").init.rows == std::vector<double>{1, 0});
  auto op = [&] {
    TestForward forward(kModel, kIds);
    forward.x0 = host.input(1);
    Block block = layer_of(forward, 1);
    return host.as<Modifier>().mixed(block, host.input(0));
  };
  std::vector<Tensor> inputs = host.random_weights({stream(), stream("x0")});
  const float* mix = inputs[1].data();
  CHECK(run(op, inputs).data()[17] == mix[5] * inputs[4].data()[17] + mix[12 + 5] * inputs[5].data()[17]);
  check_gradients(op, inputs);
}

TEST_CASE("resid_mix may start by moving from x0 to x with depth", "[modifiers]") {
  PluginHost host("resid_mix", {{"init", "sigmoid"}}, kModel, {0, 1, 2, 3});
  const std::vector<double>& first = host.info("blocks.0.resid_mix").init.rows;
  CHECK(first[0] == Approx(0.1824255));
  CHECK(first[1] == Approx(0.8175745));
  CHECK(host.info("blocks.3.resid_mix").init.rows[0] == Approx(0.8175745));
}

TEST_CASE("layer_scale multiplies each sublayer's output by channel", "[modifiers]") {
  PluginHost host("layer_scale", {}, kModel, {0, 1, 2, 3});
  CHECK(host.info("blocks.1.attn_scale").shape == Shape{12});
  for (Part part : {Part::kAttention, Part::kMlp}) {
    auto op = [&] {
      TestForward forward(kModel, kIds);
      Block block = layer_of(forward, 1);
      block.part = part;
      return host.as<Modifier>().branch(block, host.input(0));
    };
    std::vector<Tensor> inputs = host.random_weights({stream()});
    const float* scale = inputs[part == Part::kAttention ? 1 : 5].data();
    CHECK(run(op, inputs).data()[17] == inputs[8].data()[17] * scale[5]);
    check_gradients(op, inputs);
  }
}

TEST_CASE("unet_skips adds outputs of the first half, last in first out", "[modifiers]") {
  // Layer i multiplies x by i + 2, so that each skip can be told apart.
  auto through = [](PluginHost& host, int layers) {
    ModelShape model = kModel;
    model.layers = layers;
    TestForward forward(model, kIds);
    Var x = host.input(0);
    for (int layer = 0; layer < layers; ++layer) {
      Block block = layer_of(forward, layer);
      x = host.as<Modifier>().enter(block, x);
      x = host.as<Modifier>().leave(block, x * float(layer + 2));
    }
    return x;
  };
  for (auto [layers, expected] : {std::pair{1, 2.0},
                                  {2, 3 * (2 + 2.0)},
                                  {4, 5 * (4 * (6 + 6) + 2.0)},
                                  {5, 6 * 5 * (4 * (6 + 6) + 2.0)}}) {
    ModelShape model = kModel;
    model.layers = layers;
    PluginHost host("unet_skips", {}, model);
    CHECK(host.info("skip_weights").shape == Shape{layers / 2, 12});
    Tensor weights({layers / 2, 12});
    for (int64_t i = 0; i < weights.numel(); ++i) weights.data()[i] = 1;
    Tensor x({2, 6, 12});
    for (int64_t i = 0; i < x.numel(); ++i) x.data()[i] = 1;
    CHECK(run([&, n = layers] { return through(host, n); }, {weights, x}).data()[7] == Approx(expected));
    if (layers >= 4)
      check_gradients([&, n = layers] { return through(host, n); }, host.random_weights({stream()}));
  }
}

TEST_CASE("ln_scale divides by the root of the layer's number", "[modifiers]") {
  PluginHost host("ln_scale");
  for (int layer : {0, 3}) {
    auto op = [&] {
      TestForward forward(kModel, kIds);
      Block block = layer_of(forward, layer);
      return host.as<Modifier>().normed(block, host.input(0)) * 1.0f;
    };
    check_values(run(op, {tensor_of({1, 1, 2}, {4, -1})}),
                 layer ? std::vector<double>{2, -0.5} : std::vector<double>{4, -1});
    check_gradients(op, {stream()});
  }
}

TEST_CASE("logit_softcap bounds logits", "[modifiers]") {
  PluginHost host("logit_softcap");
  auto op = [&] {
    TestForward forward(kModel, kIds);
    Var z = host.input(0);
    return host.as<Modifier>().logits(forward, z) + z * 0.5f;
  };
  check_values(run(op, {tensor_of({1, 1, 4}, {40, -3, 0.5f, 12})}),
               {26.1018505 + 20, -2.9900398 - 1.5, 0.4999537 + 0.25, 11.398469 + 6}, 1e-6);
  check_gradients(op, {random_tensor({2, 3, 33}, "z", 20)});
}

TEST_CASE("smear_gate blends with the previous position in its published forms", "[modifiers]") {
  auto smeared = [](const Values& settings, bool before) {
    PluginHost host("smear_gate", settings, {.width = 2});
    return run(
        [&] {
          static const int32_t tokens[] = {4, 5, 6};
          TestForward forward({}, {tokens, 1, 3});
          auto& modifier = host.as<Modifier>();
          Var x = host.input(0);
          return before ? modifier.embedded(forward, x) : modifier.stem(forward, x);
        },
        {tensor_of({2}, {0, 3}), tensor_of({1, 3, 2}, {1, 2, 3, -1, 0.5f, 4})});
  };
  check_values(smeared({}, false), {0.5, 0.0948517, 2, 1.8577224, 1.75, -0.7628707});
  check_values(smeared({}, true), {1, 2, 3, -1, 0.5, 4}, 0);
  Values form = {{"position", "before_norm"}, {"gate_multiplies", "current"}, {"first", "self"}};
  check_values(smeared(form, true), {1, 2, 2, -0.8577224, 1.75, 3.7628708});
  check_values(smeared(form, false), {1, 2, 3, -1, 0.5, 4}, 0);
  form[2].second = "zero";
  check_values(smeared(form, true), {0.5, 1.9051483, 2, -0.8577224, 1.75, 3.7628708});
}

TEST_CASE("smear_gate keeps documents apart when asked", "[modifiers]") {
  PluginHost host("smear_gate", {{"bos_mask", "true"}, {"weight", "smear_gate"}}, {.width = 1});
  CHECK(host.names() == std::vector<std::string>{"smear_gate"});
  Tensor y = run(
      [&] {
        TestForward forward(kModel, kIds);  // token 1 at positions 0, 4 and, in the second sequence, 4
        return host.as<Modifier>().stem(forward, host.input(0));
      },
      {tensor_of({1}, {0}), tensor_of({2, 6, 1}, {2, 4, 6, 8, 10, 12, 2, 4, 6, 8, 10, 12})});
  check_values(y, {1, 3, 5, 7, 5, 11, 1, 3, 5, 7, 5, 11});
}

TEST_CASE("smear_gate differentiates", "[modifiers]") {
  for (const char* first : {"zero", "self"})
    for (const char* side : {"previous", "current"}) {
      PluginHost host("smear_gate", {{"first", first}, {"gate_multiplies", side}, {"bos_mask", "true"}},
                      kModel);
      check_gradients(
          [&] {
            TestForward forward(kModel, kIds);
            return host.as<Modifier>().stem(forward, host.input(0));
          },
          host.random_weights({stream()}));
    }
}

TEST_CASE("value_embedding adds a projected vector of the token where it acts", "[modifiers]") {
  for (const char* dim : {"5", "12"}) {
    PluginHost host("value_embedding", {{"dim", dim}}, kModel, {1, 3});
    CHECK(host.info("ve_shared.scale").shape.rank() == 0);
    CHECK(host.info("ve_layer_scales.1").layer == 3);
    CHECK(host.infos().size() == (dim[0] == '5' ? 5 : 4));
    auto op = [&] {
      TestForward forward(kModel, kIds);
      Block first = layer_of(forward, 1), second = layer_of(forward, 3);
      Var v = host.as<Modifier>().value(first, host.input(0));
      return host.as<Modifier>().value(second, v * 2.0f);
    };
    // The result is linear in each number alone, so the step may be long, and rounding then counts for less.
    check_gradients(op, host.random_weights({values()}), 2e-3, 0.5);
  }
  PluginHost host("value_embedding", {{"dim", "12"}}, kModel, {1});
  std::vector<Tensor> inputs = host.random_weights({values()});
  Tensor y = run(
      [&] {
        TestForward forward(kModel, kIds);
        Block block = layer_of(forward, 1);
        return host.as<Modifier>().value(block, host.input(0));
      },
      inputs);
  float factor = inputs[0].data()[0] * inputs[2].data()[0];
  CHECK(y.data()[2 * 12 + 7] ==
        Approx(inputs[3].data()[2 * 12 + 7] + inputs[1].data()[9 * 12 + 7] * factor));  // token 9
}

TEST_CASE("value_residual mixes the first layer's values into later ones", "[modifiers]") {
  for (const char* form : {"lambda", "sigmoid"}) {
    PluginHost host("value_residual", {{"form", form}}, kModel, {1, 2, 3});
    bool lambda = form[0] == 'l';
    CHECK(host.info(lambda ? "blocks.1.attn.vr_lambda" : "blocks.1.attn.vrl_alpha").shape ==
          Shape{lambda ? 2 : 1});
    auto op = [&](int layers) {
      TestForward forward(kModel, kIds);
      Var v = host.input(0);
      for (int layer = 1; layer <= layers; ++layer) {
        Block block = layer_of(forward, layer);
        v = host.as<Modifier>().value(block, v * float(layer + 1));
      }
      return v;
    };
    std::vector<Tensor> inputs = host.random_weights({values()});
    float v = inputs[3].data()[9];
    CHECK(run([&] { return op(1); }, inputs).data()[9] == 2 * v);
    const float* w = inputs[1].data();
    double expected = lambda ? w[0] * 2 * v + w[1] * 6 * v : 6 * v + 2 * v / (1 + std::exp(-w[0]));
    CHECK(run([&] { return op(2); }, inputs).data()[9] == Approx(expected));
    check_gradients([&] { return op(3); }, inputs);
  }
}

TEST_CASE("xsa takes away the part along the position's own value", "[modifiers]") {
  PluginHost host("xsa");
  auto op = [&] {
    TestForward forward({}, {});
    Block block = layer_of(forward, 0);
    block.v = host.input(1);
    return host.as<Modifier>().attended(block, host.input(0));
  };
  Tensor y = run(op, {sines({1, 1, 4, 3}, 0.2), sines({1, 1, 2, 3}, 1.1)});
  check_values(y, {0.0831355, 0.7054453, 0.3334137, 0.555804, -0.8862529, 0.2568134, -0.6097701, 0.0475399,
                   -0.1244097, -1.2014287, 0.2485234, -0.0855982});
  check_gradients(op, {queries(), values()});
  Tensor same = sines({1, 1, 4, 3}, 0.2);
  check_values(run(op, {same, Tensor({1, 1, 2, 3})}), {same.data(), same.data() + 12}, 0);
}

TEST_CASE("gated_attention gates each head by the sublayer's input", "[modifiers]") {
  PluginHost host("gated_attention", {}, kModel, {0, 1, 2, 3});
  CHECK(host.info("blocks.2.attn.attn_gate.weight").shape == Shape{4, 12});
  CHECK(host.info("blocks.2.attn.attn_gate.bias").init.rows == std::vector<double>{4});
  auto op = [&] {
    TestForward forward(kModel, kIds);
    Block block = layer_of(forward, 2);
    block.h = host.input(1);
    return host.as<Modifier>().attended(block, host.input(0));
  };
  std::vector<Tensor> inputs = host.random_weights({queries(), stream("h")});
  double gate = inputs[6].data()[3];
  for (int c = 0; c < 12; ++c) gate += inputs[2].data()[3 * 12 + c] * inputs[9].data()[7 * 12 + c];
  CHECK(run(op, inputs).data()[(7 * 4 + 3) * 6 + 5] ==
        Approx(inputs[8].data()[(7 * 4 + 3) * 6 + 5] / (1 + std::exp(-gate))));
  check_gradients(op, inputs);
}
