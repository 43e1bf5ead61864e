// SPDX-License-Identifier: Apache-2.0
// Each op: values by hand, and gradients by differences under a random adjoint, at odd sizes.
#include <caddie/math.h>
#include <caddie/ops.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "support/gradient_check.h"
#include "support/plugins.h"

using namespace caddie;
using caddie::random_tensor;
using caddie::testing::check_gradients;

namespace {

const Parameter kA{0}, kB{1}, kC{2}, kD{3};

Tensor tensor(const Shape& shape, std::initializer_list<float> values) {
  Tensor t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

}  // namespace

TEST_CASE("exp, tanh and sigmoid agree with the library", "[ops]") {
  for (double x = -20; x <= 20; x += 0.0137) {
    CHECK(caddie::exp(float(x)) == Approx(std::exp(double(float(x)))).epsilon(3e-7));
    CHECK(caddie::tanh(float(x)) == Approx(std::tanh(double(float(x)))).margin(2e-7));
    CHECK(caddie::sigmoid(float(x)) == Approx(1 / (1 + std::exp(-double(float(x))))).epsilon(4e-7));
  }
}

TEST_CASE("halves round to even and survive the way back", "[ops]") {
  CHECK(from_half(to_half(1.0f / 31)) == 0.032257080078125f);
  CHECK(from_half(to_half(1.0f / 127)) == 0.00787353515625f);
  CHECK(to_half(65504.0f) == 0x7bff);
  CHECK(to_half(65520.0f) == 0x7c00);
  CHECK(to_half(-0.0f) == 0x8000);
  CHECK(from_half(to_half(5.9604645e-8f)) == 5.9604645e-8f);
  for (uint32_t h = 0; h < 0x7c00; ++h) CHECK(to_half(from_half(uint16_t(h))) == h);
  CHECK(round_bf16(0.05f) == 0.050048828125f);
  CHECK(round_bf16(0.1f) == 0.10009765625f);
  CHECK(round_even(2.5f) == 2.0f);
  CHECK(round_even(-0.5f) == 0.0f);
}

TEST_CASE("rms_norm gives the published values", "[ops]") {
  Tensor y = testing::run([] { return rms_norm(kA, 1.1920929e-7f); }, {tensor({4}, {0.5f, -1, 2, 0.25f})});
  const float expected[] = {0.4338609f, -0.8677219f, 1.7354437f, 0.2169305f};
  for (int i = 0; i < 4; ++i) CHECK(y.data()[i] == Approx(expected[i]).epsilon(1e-6));
}

TEST_CASE("cross entropy of given logits", "[ops]") {
  static const int32_t target[] = {3};
  Tensor z = tensor({1, 1, 4}, {26.1018505f, -2.9900398f, 0.4999537f, 11.398469f});
  Tensor nats = testing::run([] { return cross_entropy(kA, Ids{target, 1, 1, Device::kCpu}); }, {z});
  CHECK(nats.data()[0] == Approx(14.7033815).epsilon(1e-6));
}

TEST_CASE("gradients of ops agree with differences", "[ops]") {
  for (int n : {1, 31, 33, 77}) {
    INFO("width " << n);
    check_gradients([] { return linear(kA, kB); },
                    {random_tensor({2, 3, n}, "x"), random_tensor({5, n}, "w")});
    check_gradients([] { return rms_norm(kA, 1e-6f); }, {random_tensor({2, 3, n}, "x")}, 4e-3, 3e-3);
    check_gradients([] { return kA * kB; }, {random_tensor({2, 3, n}, "x"), random_tensor({2, 3, n}, "y")});
    check_gradients([] { return kA * kB; }, {random_tensor({2, 3, n}, "x"), random_tensor({n}, "y")});
    check_gradients([] { return kA * kB; }, {random_tensor({2, 3, 4, n}, "x"), random_tensor({4, 1}, "y")});
    check_gradients([] { return kA * kB; }, {random_tensor({2, 3, n}, "x"), random_tensor({1}, "y")});
    check_gradients([] { return kA * kB; },
                    {random_tensor({2, 3, 4, n}, "x"), random_tensor({2, 3, 4, 1}, "y")});
    check_gradients([] { return kA * kB; }, {random_tensor({6, 4, n}, "x"), random_tensor({4, n}, "y")});
    check_gradients([] { return kA + kB; }, {random_tensor({2, 3, n}, "x"), random_tensor({n}, "y")});
    check_gradients([] { return kA - kB; }, {random_tensor({2, 3, n}, "x"), random_tensor({2, 3, n}, "y")});
    check_gradients([] { return weighted_sum(kA, kB, kC, kD); },
                    {random_tensor({n}, "a"), random_tensor({2, 70, n}, "x"), random_tensor({n}, "b"),
                     random_tensor({2, 70, n}, "y")});
    check_gradients([] { return weighted_sum(Var(), kA, kB, kC); },
                    {random_tensor({2, 3, n}, "x"), random_tensor({n}, "b"), random_tensor({2, 3, n}, "y")});
    check_gradients([] { return sigmoid(kA) * 3; }, {random_tensor({2, n}, "x")});
    check_gradients([] { return shift(kA, 1); }, {random_tensor({2, 5, n}, "x")});
    check_gradients([] { return row(kA, 1); }, {random_tensor({2, n}, "x")});
    check_gradients(
        [n] {
          return reshape(kA, {3, 2, n}) * kB;
        },
        {random_tensor({6, n}, "x"), random_tensor({n}, "y")});
  }
}

TEST_CASE("a value used twice collects both gradients, also through views", "[ops]") {
  check_gradients([] { return kA * kA + kA; }, {random_tensor({3, 7}, "x")});
  check_gradients(
      [] {
        Var y = kA * 2;
        return reshape(y, {7, 3}) * reshape(y, {7, 3}) + reshape(y, {7, 3});
      },
      {random_tensor({3, 7}, "x")});
}

TEST_CASE("gradients of gather, cross entropy and attention agree with differences", "[ops]") {
  static const int32_t ids[] = {0, 4, 4, 2, 1, 0};
  check_gradients([] { return gather(kA, Ids{ids, 2, 3, Device::kCpu}); }, {random_tensor({5, 9}, "table")});
  check_gradients(
      [] {
        return cross_entropy(kA, Ids{ids, 2, 3, Device::kCpu});
      },
      {random_tensor({2, 3, 37}, "z")});
  check_gradients([] { return log_sum_exp(kA); }, {random_tensor({2, 3, 37}, "z")});
  for (int64_t length : {1, 6, 65})
    check_gradients([] { return attention(kA, kB, kC); },
                    {random_tensor({2, length, 4, 8}, "q"), random_tensor({2, length, 2, 8}, "k"),
                     random_tensor({2, length, 2, 8}, "v")},
                    3e-3);
}

TEST_CASE("a position without a target has no loss and passes no gradient", "[ops]") {
  static const int32_t ids[] = {2, -1, 0, -1};
  auto losses = [] { return cross_entropy(kA, Ids{ids, 1, 4, Device::kCpu}); };
  std::vector<Tensor> inputs = {random_tensor({1, 4, 5}, "z")};
  Tensor nats = testing::run(losses, inputs);
  for (int t : {1, 3}) CHECK(nats.data()[t] == 0);
  for (int t : {0, 2}) CHECK(nats.data()[t] > 0);
  check_gradients(losses, inputs, 2e-3, 1e-2, 40);
}

TEST_CASE("the logarithm of a sum of exponentials, by hand", "[ops]") {
  Tensor z = testing::tensor_of({1, 2, 2}, {0, 0, 100, 100 + float(std::log(3.0))});
  Tensor y = testing::run([] { return log_sum_exp(kA); }, {z});
  CHECK(y.shape() == Shape{1, 2});
  CHECK(y.data()[0] == Approx(std::log(2.0)));
  CHECK(y.data()[1] == Approx(100 + std::log(4.0)));
}

TEST_CASE("ops name the shapes that do not fit", "[ops]") {
  std::vector<Tensor> inputs = {random_tensor({2, 3}, "x"), random_tensor({2, 4}, "w")};
  CHECK_THROWS_WITH(testing::run([] { return linear(kA, kB); }, inputs),
                    Catch::Contains("[2, 3] and w is [2, 4]"));
  CHECK_THROWS_WITH(testing::run([] { return kA * kB; }, inputs), Catch::Contains("cannot be broadcast"));
}
