// SPDX-License-Identifier: Apache-2.0
// Columns with more bits: which ones are chosen, by hand, and what they are read back as.
#include <caddie/quantize.h>

#include <catch2/catch.hpp>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

/// Where columns begin and end, one after the other.
std::vector<int64_t> ends_of(const FineColumns& fine) {
  std::vector<int64_t> ends;
  for (const Columns& columns : fine.columns) ends.insert(ends.end(), {columns.begin, columns.end});
  return ends;
}

using Ends = std::vector<int64_t>;

}  // namespace

// With groups of two columns, the scores of a are 1 + 2 and 1 + 3, and that of the only full groups of c are
// 4 and 0; its fifth column would win if it took part. The weight b has eight bits already.
TEST_CASE("awq_lite ranks the groups of all weights", "[allocators]") {
  WeightInfo a = weight_info("a", {2, 4}), b = weight_info("b", {2, 4}), c = weight_info("c", {1, 5});
  Tensor wa = tensor_of({2, 4}, {1, -1, 0, 0, 1, 1, 2, -2}), wc = tensor_of({1, 5}, {4, 0, 0, 0, 9});
  Tensor xa = tensor_of({4}, {1, 2, 1, 3}), xc = tensor_of({5}, {1, 1, 1, 1, 1});
  const std::vector<CalibratedWeight> weights = {{&a, 6, &wa, &xa}, {&b, 8, &wa, &xa}, {&c, 6, &wc, &xc}};
  auto chosen = [&](double groups) {
    auto allocator = make_plugin<Allocator>("awq_lite", {{"group_size", 2.0}, {"groups", groups}});
    return allocator->choose(weights);
  };
  CHECK(ends_of(chosen(1)[0]) == Ends{2, 4});  // the first of equal scores
  CHECK(ends_of(chosen(1)[2]).empty());
  CHECK(ends_of(chosen(2)[2]) == Ends{0, 2});
  CHECK(ends_of(chosen(3)[0]) == Ends{0, 2, 2, 4});
  CHECK(ends_of(chosen(99)[2]) == Ends{0, 2, 2, 4});
  CHECK(ends_of(chosen(99)[1]).empty());
  CHECK(chosen(1)[0].bits == 8);
  // Two columns of two rows take two bits more each, and each row a half: 8 + 32 bits.
  auto allocator = make_plugin<Allocator>("awq_lite", {{"group_size", 2.0}});
  CHECK(allocator->extra_bytes(weights) == 5);
}

TEST_CASE("awq_lite wants groups that fit some weight", "[allocators]") {
  WeightInfo info = weight_info("w", {8, 32});
  const WeightInfo* claimed[] = {&info};
  auto allocator = make_plugin<Allocator>("awq_lite");
  CHECK_THROWS_WITH(allocator->validate({{}, claimed}), Contains("group_size 64"));
  CHECK_NOTHROW(make_plugin<Allocator>("awq_lite", {{"group_size", 32.0}})->validate({{}, claimed}));
}

TEST_CASE("gptq gives fine columns steps of their own, and the arrays say which", "[quantizers]") {
  Tensor weight = random_tensor({9, 12}, "weight"), moments({12, 12}), coarse({9, 12}), fine({9, 12});
  for (int64_t i = 0; i < 12; ++i) moments.data()[i * 13] = 1;  // inputs that do not depend on each other
  WeightInfo info = weight_info("w", weight.shape());
  auto quantizer = make_plugin<Quantizer>("gptq", {{"clip", "deviation"}, {"bits", 4.0}, {"width", 3.0}});
  CHECK(quantizer->raisable_bits() == 4);
  CHECK(make_plugin<Quantizer>("gptq")->raisable_bits() == 0);
  quantizer->unpack(quantizer->pack(weight, info, &moments), coarse);
  Packed packed = quantizer->pack_finer(weight, info, &moments, {{{2, 5}, {11, 12}}, 8});
  make_plugin<Quantizer>("gptq")->unpack(packed, fine);
  REQUIRE(packed.size() == 4);
  CHECK(packed[2].name == "fine_scale");
  CHECK(floats_of(packed[3]) == std::vector<float>{2, 5, 11, 12});
  std::vector<float> scale = floats_of(packed[1]), fine_scale = floats_of(packed[2]);
  for (int64_t i = 0; i < weight.numel(); ++i) {
    auto r = size_t(i / 12);
    int64_t c = i % 12;
    if ((c >= 2 && c < 5) || c == 11) {
      CHECK(fine_scale[r] == Approx(scale[r] * 7 / 127).epsilon(1e-3));
      CHECK(std::abs(fine.data()[i] - weight.data()[i]) <=
            std::max(0.51f * fine_scale[r], std::abs(weight.data()[i]) - 127 * fine_scale[r] + 1e-5f));
    } else {
      CHECK(fine.data()[i] == coarse.data()[i]);
    }
  }
  for (const std::vector<float>& wrong : {std::vector<float>{2, 13, 11, 12},
                                          {5, 2, 11, 12},
                                          {-1, 2, 11, 12},
                                          {0.5f, 2, 11, 12},
                                          {NAN, 2, 11, 12}}) {
    std::memcpy(packed[3].bytes.data(), wrong.data(), packed[3].bytes.size());
    CHECK_THROWS_WITH(quantizer->unpack(packed, fine), Contains("fine_columns"));
  }
  packed.erase(packed.begin() + 2);
  std::memcpy(packed[2].bytes.data(), std::vector<float>{2, 5, 11, 12}.data(), packed[2].bytes.size());
  CHECK_THROWS_WITH(quantizer->unpack(packed, fine), Contains("fine_scale"));
}
