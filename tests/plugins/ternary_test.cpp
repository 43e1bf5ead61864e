// SPDX-License-Identifier: Apache-2.0
// Weights of three values: how they are stored, what they read as, and what training sees of them. The
// numbers were worked out by hand for one row in groups of five:
//   0.9 -0.31 0.045 0.62 -0.7777 | 0 0.2 -1.3    means of magnitudes 0.53054 and 0.5, as halves 0.53076 and
//   0.5
#include <catch2/catch.hpp>
#include <cmath>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

const std::vector<float> kRow = {0.9f, -0.31f, 0.045f, 0.62f, -0.7777f, 0, 0.2f, -1.3f};
constexpr float kFirst = 0.53076171875f;

Packed packed_row(Values settings) {
  settings.push_back({"group_size", 5.0});
  Tensor weight = tensor_of({1, 8}, kRow);
  return make_plugin<Quantizer>("ternary", settings)->pack(weight, weight_info("w", {1, 8}), nullptr);
}
std::vector<int> bytes(const Array& array) {
  std::vector<int> all;
  for (char c : array.bytes) all.push_back(int(uint8_t(c)));
  return all;
}
Tensor unpacked(const Packed& packed, const Shape& shape = {1, 8}) {
  Tensor weight = random_tensor(shape, "what was there before");
  make_plugin<Quantizer>("ternary")->unpack(packed, weight);
  return weight;
}

Tensor ternary_of(const Values& settings, const Tensor& w, const Progress& progress = {},
                  Mode mode = Mode::kTrain) {
  PluginHost host("ternary_ste", settings);
  return run([&] { return host.as<WeightView>().view(host.input(0), {}, progress, mode); }, {w});
}

}  // namespace

TEST_CASE("ternary: five digits to a byte", "[quantizers]") {
  Packed packed = packed_row({});
  REQUIRE(packed.size() == 3);
  CHECK(packed[0].name == "base3");
  CHECK(bytes(packed[0]) == std::vector<int>{2 + 1 * 9 + 2 * 27, 1 + 1 * 3});  // 1 -1 0 1 -1, 0 0 -1
  CHECK(packed[1].bytes.size() == 4);
  check_values(unpacked(packed), {kFirst, -kFirst, 0, kFirst, -kFirst, 0, 0, -0.5}, 0);
}

TEST_CASE("ternary: padded rows store zeros and count them", "[quantizers]") {
  Packed packed = packed_row({{"padded", true}});  // the second mean is 1.5 / 5, so that 0.2 becomes 1
  CHECK(bytes(packed[0]) == std::vector<int>{65, 1 + 2 * 3 + 27 + 81});
  const float second = 0.300048828125f;
  check_values(unpacked(packed), {kFirst, -kFirst, 0, kFirst, -kFirst, 0, second, -second}, 0);
}

TEST_CASE("ternary: a bit for each number and one for each sign", "[quantizers]") {
  Packed packed = packed_row({{"packing", "bits"}});
  CHECK(packed[0].name == "bits");
  CHECK(bytes(packed[0]) == std::vector<int>{0b11011001, 0b10100000});
  check_values(unpacked(packed), {kFirst, -kFirst, 0, kFirst, -kFirst, 0, 0, -0.5}, 0);
}

TEST_CASE("ternary: groups can keep their mean magnitude, and then round to themselves", "[quantizers]") {
  Packed packed = packed_row({{"restore_mean", true}});
  double first = double(kFirst) / 0.8, second = 0.5 * 3;
  Tensor back = unpacked(packed);
  check_values(back, {first, -first, 0, first, -first, 0, 0, -second}, 1e-7);
  Packed again = make_plugin<Quantizer>("ternary", {{"group_size", 5.0}, {"restore_mean", true}})
                     ->pack(back, weight_info("w", {1, 8}), nullptr);
  CHECK(again[0].bytes == packed[0].bytes);
  CHECK(again[1].bytes == packed[1].bytes);
}

TEST_CASE("ternary: all shapes come back in both packings, zeros and numbers below halves as zeros",
          "[quantizers]") {
  for (const char* packing : {"base3", "bits"})
    for (bool padded : {false, true})
      for (const Shape& shape : {Shape{}, Shape{0, 4}, Shape{3, 0}, Shape{7}, Shape{3, 12}, Shape{2, 33}}) {
        INFO(packing << " of " << shape.text());
        auto quantizer = make_plugin<Quantizer>(
            "ternary", {{"group_size", 6.0}, {"padded", padded}, {"packing", packing}});
        Tensor weight = random_tensor(shape, "w"), tiny(shape);
        for (int64_t i = 0; i < tiny.numel(); ++i) tiny.data()[i] = 1e-9f;
        Tensor back = unpacked(quantizer->pack(weight, weight_info("w", shape), nullptr), shape);
        for (int64_t i = 0; i < back.numel(); ++i) CHECK(back.data()[i] * weight.data()[i] >= 0);
        CHECK((squared_norm(back) > 0) == (weight.numel() > 0));
        CHECK(squared_norm(unpacked(quantizer->pack(tiny, weight_info("w", shape), nullptr), shape)) == 0);
      }
}

TEST_CASE("ternary refuses damaged arrays, and means that no half holds", "[quantizers]") {
  auto refused = [](Values settings, size_t array, const std::string& to, const char* words) {
    Packed packed = packed_row(std::move(settings));
    packed[array].bytes = to;
    packed[array].shape = {int64_t(to.size()) / bytes_of(packed[array].type)};
    CHECK_THROWS_WITH(unpacked(packed), Catch::Contains(words));
  };
  auto floats = [](std::vector<float> values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  refused({}, 0, "\x10\xf3", "holds the byte 243");
  refused({}, 0, "\x10", "1 bytes for 8 numbers");
  refused({}, 1, "\x10\x10", "1 scales for 2 groups");
  refused({}, 2, floats({5, 8}), "has 2 numbers");
  refused({}, 2, floats({0, 8, 0}), "do not fit");
  refused({}, 2, floats({5, 13, 0}), "do not fit");
  refused({}, 2, floats({5, 7, 0}), "do not fit");
  refused({}, 2, floats({2.5f, 8, 0}), "holds 2.5");
  refused({}, 2, floats({NAN, 8, 0}), "holds nan");
  refused({{"packing", "bits"}}, 0, "", "0 bytes for 8 numbers");
  refused({{"packing", "bits"}}, 0, "\x01\x01\x01", "2 bytes for 1 signs");
  Packed none = packed_row({});
  none.erase(none.begin());
  CHECK_THROWS_WITH(unpacked(none), Catch::Contains("no array \"bits\""));
  CHECK_THROWS_WITH(
      make_plugin<Quantizer>("ternary")->pack(tensor_of({1, 1}, {7e4f}), weight_info("w", {1, 1}), nullptr),
      Catch::Contains("half ends at 65504"));
}

TEST_CASE("ternary_ste shows training what rows or a flat matrix round to", "[views]") {
  const double first = 0.53054;
  const std::vector<double> wanted = {first, -first, 0, first, -first, 0, 0, -0.5};
  check_values(ternary_of({{"group_size", 5.0}}, tensor_of({1, 8}, kRow)), wanted);
  check_values(ternary_of({{"group_size", 5.0}}, tensor_of({8}, kRow)), wanted);
  check_values(ternary_of({{"group_size", 5.0}, {"groups", "flat"}}, tensor_of({2, 4}, kRow)), wanted);
  // Rows of four in groups of three: means 1.255 / 3, 0.62, 0.9777 / 3, 1.3.
  check_values(ternary_of({{"group_size", 3.0}}, tensor_of({2, 4}, kRow)),
               {1.255 / 3, -1.255 / 3, 0, 0.62, -0.9777 / 3, 0, 0.9777 / 3, -1.3});
  check_values(ternary_of({{"group_size", 2.0}}, tensor_of({1, 4}, {0, 0, 1e-9f, 0})), {0, 0, 0, 0}, 0);

  const std::vector<double> untouched(kRow.begin(), kRow.end());
  check_values(ternary_of({}, tensor_of({1, 8}, kRow), {}, Mode::kEvaluate), untouched, 0);
  check_values(ternary_of({{"after_step", 3.0}}, tensor_of({1, 8}, kRow), {.step = 2}), untouched, 0);
  CHECK(ternary_of({{"after_step", 3.0}}, tensor_of({1, 8}, kRow), {.step = 3}).data()[2] == 0);
}

TEST_CASE("ternary_ste passes gradients straight through", "[views]") {
  Tensor w = random_tensor({3, 33}, "w"), adjoint = random_tensor({3, 33}, "adjoint"), gradient({3, 33});
  PluginHost host("ternary_ste", {{"group_size", 7.0}});
  std::vector<Leaf> leaves = {{w, gradient.data(), false}};
  Tape tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  std::vector<Var> outputs = {host.as<WeightView>().view(host.input(0), {}, {}, Mode::kTrain)};
  std::vector<Tensor> seeds = {adjoint};
  tape.backward(outputs, seeds);
  check_values(gradient, {adjoint.data(), adjoint.data() + adjoint.numel()}, 0);
}

TEST_CASE("what a view shows in training is what the quantizer stores, but for halves", "[views]") {
  for (double group : {7.0, 16.0, 128.0}) {
    Tensor w = random_tensor({5, 33}, "w");
    Tensor shown = ternary_of({{"group_size", group}}, w);
    Tensor stored = unpacked(make_plugin<Quantizer>("ternary", {{"group_size", group}})
                                 ->pack(w, weight_info("w", {5, 33}), nullptr),
                             {5, 33});
    check_values(stored, {shown.data(), shown.data() + shown.numel()}, 1e-3);
  }
}
