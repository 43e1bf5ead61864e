// SPDX-License-Identifier: Apache-2.0
// Floats of 8 bits: how they round, how they are stored, and what training sees of them. The expected numbers
// are those that the format can hold, m 2^(e - 10) with 8 <= m < 16 and 1 <= e <= 15 but for 480, and m 2^-9
// with m < 8, listed here in float64.
#include <catch2/catch.hpp>
#include <cmath>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// All numbers of the format that are not negative, rising: number i has the bits i.
std::vector<double> held() {
  std::vector<double> all;
  for (int m = 0; m < 8; ++m) all.push_back(std::ldexp(m, -9));
  for (int e = 1; e <= 15; ++e)
    for (int m = 8; m < 16; ++m) all.push_back(std::ldexp(m, e - 10));
  all.pop_back();
  return all;
}

}  // namespace

TEST_CASE("floats of 8 bits: every number comes back, and others become the nearest", "[math]") {
  const std::vector<double> numbers = held();
  REQUIRE(numbers.size() == 127);
  CHECK(numbers.back() == 448);
  for (size_t i = 0; i < numbers.size(); ++i) {
    auto x = float(numbers[i]);
    CHECK(from_e4m3(uint8_t(i)) == x);
    CHECK(from_e4m3(uint8_t(i | 128)) == -x);
    CHECK(int(to_e4m3(x)) == int(i));
    CHECK(int(to_e4m3(-x)) == int(i | 128));
    if (i + 1 == numbers.size()) break;
    auto middle = float((numbers[i] + numbers[i + 1]) / 2);  // halves go to the even one
    CHECK(int(to_e4m3(middle)) == int(i + i % 2));
    CHECK(int(to_e4m3(std::nextafter(middle, 0.0f))) == int(i));
    CHECK(int(to_e4m3(-std::nextafter(middle, 500.0f))) == int((i + 1) | 128));
  }
  CHECK(from_e4m3(to_e4m3(449)) == 448);
  CHECK(from_e4m3(to_e4m3(-INFINITY)) == -448);
  CHECK(from_e4m3(to_e4m3(1e-30f)) == 0);
  CHECK(std::isnan(from_e4m3(to_e4m3(NAN))));
}

TEST_CASE("fp8 stores a byte for each weight, and refuses what the format does not hold", "[quantizers]") {
  auto quantizer = make_plugin<Quantizer>("fp8");
  auto packed = [&](const Tensor& w) { return quantizer->pack(w, weight_info("w", w.shape()), nullptr); };
  Packed arrays = packed(tensor_of({2, 3}, {1, -1.0625f, 0.003f, 300, 0, -448}));
  REQUIRE(arrays.size() == 1);
  CHECK(arrays[0].shape == Shape{2, 3});
  // 1 = 8 2^(7 - 10), 1.0625 lies between it and 1.125, 0.003 nearest to 2 2^-9, 300 to 9 2^(15 - 10).
  CHECK(arrays[0].bytes == std::string("\x38\xb8\x02\x79\x00\xfe", 6));
  Tensor back({2, 3});
  quantizer->unpack(arrays, back);
  check_values(back, {1, -1, 0.00390625, 288, 0, -448}, 0);

  CHECK_THROWS_WITH(packed(tensor_of({1, 1}, {449})),
                    Catch::Contains("w holds 449; a float of 8 bits ends at 448"));
  Tensor other({2, 2});
  CHECK_THROWS_WITH(quantizer->unpack(arrays, other), Catch::Contains("do not fit a weight of shape [2, 2]"));
  CHECK_THROWS_AS(quantizer->unpack({}, back), Error);
}

TEST_CASE("fp8_ste shows training the nearest floats of 8 bits, and passes gradients straight through",
          "[views]") {
  PluginHost host("fp8_ste", {{"after_step", 3.0}});
  Tensor w = tensor_of({5}, {1.0625f, -0.003f, 300, 1000, 0}), adjoint = random_tensor({5}, "adjoint"),
         gradient({5});
  auto view = [&](int64_t step, Mode mode) {
    return run([&] { return host.as<WeightView>().view(host.input(0), {}, {.step = step}, mode); }, {w});
  };
  check_values(view(3, Mode::kTrain), {1, -0.00390625, 288, 448, 0}, 0);
  const std::vector<double> untouched(w.data(), w.data() + 5);
  check_values(view(2, Mode::kTrain), untouched, 0);
  check_values(view(3, Mode::kEvaluate), untouched, 0);

  std::vector<Leaf> leaves = {{w, gradient.data(), false}};
  Tape tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  std::vector<Var> outputs = {host.as<WeightView>().view(host.input(0), {}, {.step = 3}, Mode::kTrain)};
  std::vector<Tensor> seeds = {adjoint};
  tape.backward(outputs, seeds);
  check_values(gradient, {adjoint.data(), adjoint.data() + 5}, 0);
}
