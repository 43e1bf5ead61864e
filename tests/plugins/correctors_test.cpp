// SPDX-License-Identifier: Apache-2.0
// Low-rank corrections: what is stored, by hand, for which weights, and what damaged arrays lead to.
#include <caddie/quantize.h>

#include <catch2/catch.hpp>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

std::vector<int> codes_of(const Array& array) {
  std::vector<int> out;
  for (char c : array.bytes) out.push_back(int(int8_t(c)));
  return out;
}

/// A weight that lost (3, 0, -6.001) (0.6, 0.8)^T, whose factors these are: the second one has length 1.
struct Lost {
  WeightInfo info = weight_info("w", {3, 2});
  Tensor restored = tensor_of({3, 2}, {1, 2, 3, 4, 5, 6}), weight = clone(restored);
  Lost() {
    const float a[] = {3, 0, -6.001f}, b[] = {0.6f, 0.8f};
    for (int64_t i = 0; i < 6; ++i) weight.data()[i] += a[i / 2] * b[i % 2];
  }
  Packed packed(Values settings) const {
    settings.push_back({"rank", 1.0});
    const std::vector<RestoredWeight> weights = {{&info, weight, restored}};
    return make_plugin<Corrector>("lqer", settings)->pack(weights)[0];
  }
};

}  // namespace

TEST_CASE("lqer stores two and four bits, with one scale and one for each group", "[correctors]") {
  Lost lost;
  Packed packed = lost.packed({{"group_size", 2.0}});
  REQUIRE(packed.size() == 4);
  CHECK(codes_of(packed[0]) == std::vector<int>{1, 0, -2});  // 0.75, 0, and -1.50025 of the step
  CHECK(floats_of(packed[1]) == std::vector<float>{4});      // the half nearest to 4.0007
  CHECK(codes_of(packed[2]) == std::vector<int>{6, 7});      // 5.627 and 7.503, where the grid ends at 7
  float step = nearest_half(0.8f / 7.5f);
  CHECK(floats_of(packed[3]) == std::vector<float>{step});
  Tensor corrected = clone(lost.restored);
  make_plugin<Corrector>("lqer")->correct(packed, corrected);  // all it needs is in the arrays
  for (int64_t i = 0; i < 6; ++i)
    CHECK(corrected.data()[i] == Approx(lost.restored.data()[i] + 4 *
                                                                      (i < 2   ? 1
                                                                       : i < 4 ? 0
                                                                               : -2) *
                                                                      (i % 2 ? 7 : 6) * step));
}

TEST_CASE("lqer stores rows with scales where groups do not fill the factor, or it is told so",
          "[correctors]") {
  Lost lost;
  for (const Packed& packed : {lost.packed({}), lost.packed({{"codes", "symmetric"}, {"group_size", 2.0}})}) {
    REQUIRE(packed.size() == 4);
    CHECK(codes_of(packed[0]) == std::vector<int>{7, 0, -7});
    CHECK(floats_of(packed[1]) == std::vector<float>{nearest_half(3 / 7.0f), 0, nearest_half(6.001f / 7)});
    CHECK(codes_of(packed[2]) == std::vector<int>{5, 7});
    CHECK(floats_of(packed[3]) == std::vector<float>{nearest_half(0.8f / 7)});
  }
}

TEST_CASE("lqer corrects the weights that lost most", "[correctors]") {
  std::vector<WeightInfo> infos;
  std::vector<RestoredWeight> weights;
  for (int i = 0; i < 5; ++i) infos.push_back(weight_info("w" + std::to_string(i), {33, 64}));
  const float lost[] = {0.1f, 0.5f, 0.2f, 0, 0.4f};
  for (size_t i = 0; i < 5; ++i) {
    Tensor weight = random_tensor({33, 64}, "weight"), restored = clone(weight);
    Tensor noise = random_tensor({33, 64}, "noise");
    for (int64_t k = 0; k < weight.numel(); ++k) restored.data()[k] += lost[i] * noise.data()[k];
    weights.push_back({&infos[i], weight, restored});
  }
  auto corrected = [&](double top) {
    std::vector<int> places;
    std::vector<Packed> all = make_plugin<Corrector>("lqer", {{"top", top}})->pack(weights);
    for (size_t i = 0; i < all.size(); ++i)
      if (!all[i].empty()) places.push_back(int(i));
    return places;
  };
  CHECK(corrected(2) == std::vector<int>{1, 4});
  CHECK(corrected(3) == std::vector<int>{1, 2, 4});
  CHECK(corrected(99) == std::vector<int>{0, 1, 2, 4});  // one has nothing to correct
  // Rank 4: two bits for each of 33 rows, four for each of 64 columns, and a half for 64 of these.
  const WeightInfo* some[] = {&infos[0], &infos[1]};
  CHECK(make_plugin<Corrector>("lqer")->extra_bytes(some) == 2 * (4 * (2 * 33 + 4 * 64 + 16) / 8));
}

TEST_CASE("lqer refuses arrays that do not fit the weight", "[correctors]") {
  Packed good = Lost().packed({{"group_size", 2.0}});
  auto corrector = make_plugin<Corrector>("lqer");
  auto refused = [&](auto damage) {
    Packed packed = good;
    damage(packed);
    Tensor weight({3, 2});
    CHECK_THROWS_AS(corrector->correct(packed, weight), Error);
  };
  refused([](Packed& p) { p.clear(); });
  for (size_t i = 0; i < good.size(); ++i) refused([&](Packed& p) { p.erase(p.begin() + int64_t(i)); });
  refused([](Packed& p) { p[0].shape = {2, 1}; });
  refused([](Packed& p) { p[0].shape = {3}; });
  refused([](Packed& p) { p[2].shape = {2, 1}; });
  refused([](Packed& p) { p[2].type = Type::kFloat16; });
  refused([](Packed& p) { p[3].shape = {0}, p[3].bytes.clear(); });
  refused([](Packed& p) { p[1].shape = {2}, p[1].bytes += "xx"; });  // three numbers in two groups
  refused([](Packed& p) { p[1].type = Type::kInt8; });
  Tensor other({2, 3}), vector({6});
  CHECK_THROWS_AS(corrector->correct(good, other), Error);
  CHECK_THROWS_AS(corrector->correct(good, vector), Error);
}
