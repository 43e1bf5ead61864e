// SPDX-License-Identifier: Apache-2.0
// int8 with few of its levels: only multiples of a number are stored.
#include <caddie/math.h>

#include <catch2/catch.hpp>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

std::vector<int> integers_of(const Tensor& weight, const Values& values) {
  Packed packed =
      make_plugin<Quantizer>("int8", values)->pack(weight, weight_info("w", weight.shape()), nullptr);
  std::vector<int> integers;
  for (char byte : packed.at(0).bytes) integers.push_back(int(int8_t(byte)));
  return integers;
}

}  // namespace

TEST_CASE("int8 stores the nearest multiples that a byte holds", "[quantizers]") {
  // The largest magnitude occurs twice, so the clip is 127 and the scale 1. Halves go to the even multiple,
  // and 128 is no byte.
  Tensor weight = tensor_of({1, 9}, {127, -127, 5, 6, 2, -6, 1, -2.6f, 10});
  CHECK(integers_of(weight, {}) == std::vector<int>{127, -127, 5, 6, 2, -6, 1, -3, 10});
  CHECK(integers_of(weight, {{"multiple", 4.0}}) == std::vector<int>{124, -128, 4, 8, 0, -8, 0, -4, 8});
  CHECK(integers_of(weight, {{"multiple", 100.0}}) == std::vector<int>{100, -100, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("int8 restores multiples with the scale that it stores", "[quantizers]") {
  auto quantizer = make_plugin<Quantizer>("int8", {{"multiple", 4.0}});
  Tensor weight = tensor_of({2, 3}, {254, -254, 12, 0.5f, -0.5f, 0.1f}), back({2, 3});
  quantizer->unpack(quantizer->pack(weight, weight_info("w", weight.shape()), nullptr), back);
  // The second row is below the smallest scale, 1 / 127: 0.5 is 63.5 steps, thus 64, and 0.1 12.7, thus 12.
  float step = from_half(to_half(1.0f / 127));
  std::vector<float> wanted = {248, -256, 16, 64 * step, -64 * step, 12 * step};
  CHECK(std::vector<float>(back.data(), back.data() + back.numel()) == wanted);
}
