// SPDX-License-Identifier: Apache-2.0
// Pruners and trimmers: which entries they take away.
#include <catch2/catch.hpp>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Weights that take one byte an entry other than zero.
struct CountedPackage final : Package {
  std::vector<WeightInfo> infos;
  std::vector<Packed> packed;
  std::vector<PackedWeight> all;
  int64_t limit = 0;
  int asked = 0;

  /// Adds a matrix; `steps`, one a row, must be numbers that a half holds in its first ten bits.
  void add(int64_t columns, const std::vector<float>& steps, const std::string& integers) {
    auto rows = int64_t(steps.size());
    infos.push_back(weight_info("w" + std::to_string(infos.size()), {rows, columns}));
    Array scale{"scale", Type::kFloat32, {rows}, std::string(4 * steps.size(), '\0')};
    std::memcpy(scale.bytes.data(), steps.data(), scale.bytes.size());
    packed.push_back({{"q", Type::kInt8, {rows, columns}, integers}, scale});
  }
  std::span<const PackedWeight> weights() override {
    all.clear();
    for (size_t i = 0; i < infos.size(); ++i) all.push_back({&infos[i], &packed[i]});
    return all;
  }
  int64_t bytes() override {
    ++asked;
    int64_t count = 0;
    for (const Packed& arrays : packed)
      count += std::count_if(arrays[0].bytes.begin(), arrays[0].bytes.end(), [](char c) { return c != 0; });
    return count;
  }
  int64_t limit_bytes() const override { return limit; }
  std::string integers(size_t i) const { return packed[i][0].bytes; }
};

std::string row(std::initializer_list<int> integers) {
  std::string bytes;
  for (int i : integers) bytes += char(i);
  return bytes;
}

CountedPackage package() {
  CountedPackage made;
  made.add(4, {0.5f, 0.25f}, row({1, -1, 2, 0, 1, 1, -7, 1}));
  made.add(3, {0.25f}, row({-1, 1, 31}));
  return made;
}

}  // namespace

TEST_CASE("magnitude takes a share of large matrices", "[pruners]") {
  auto pruner = make_plugin<Pruner>("magnitude", {{"fraction", 0.5}, {"min_numel", 4.0}});
  Tensor small = tensor_of({2, 2}, {1, 2, 3, 4}), large = tensor_of({1, 5}, {-1, 5, 2, -4, 3});
  Tensor vector = tensor_of({5}, {1, 2, 3, 4, 5});
  for (Tensor* weight : {&small, &large, &vector}) pruner->prune(*weight, weight_info("w", weight->shape()));
  CHECK(same_bits(small, tensor_of({2, 2}, {1, 2, 3, 4})));
  CHECK(same_bits(large, tensor_of({1, 5}, {0, 5, 0, -4, 3})));  // the quantile itself, 3, stays
  CHECK(same_bits(vector, tensor_of({5}, {1, 2, 3, 4, 5})));
}

TEST_CASE("selective_pruning takes the fewest, the cheapest first", "[trimmers]") {
  CountedPackage p = package();
  auto trimmer = make_plugin<Trimmer>("selective_pruning");
  p.limit = 10;  // so many there are to begin with
  trimmer->trim(p);
  CHECK(p.asked == 1);
  p.limit = 7;
  trimmer->trim(p);
  CHECK(p.integers(0) == row({1, -1, 2, 0, 0, 0, -7, 0}));
  CHECK(p.integers(1) == row({-1, 1, 31}));
  p.limit = 6;  // equal steps: in the order of weights
  trimmer->trim(p);
  CHECK(p.integers(1) == row({0, 1, 31}));
  p.limit = 4;
  trimmer->trim(p);
  CHECK(p.integers(0) == row({0, -1, 2, 0, 0, 0, -7, 0}));
  CHECK(p.integers(1) == row({0, 0, 31}));
}

TEST_CASE("selective_pruning works towards its own target and says when all is not enough", "[trimmers]") {
  CountedPackage p = package();
  make_plugin<Trimmer>("selective_pruning", {{"target_bytes", 8.0}})->trim(p);
  CHECK(p.bytes() == 8);
  auto trimmer = make_plugin<Trimmer>("selective_pruning", {{"target_bytes", 2.0}});
  CHECK_THROWS_WITH(trimmer->trim(p),
                    Catch::Contains("3 bytes remain of 8") && Catch::Contains("the 2 asked"));
  CHECK(p.integers(0) == row({0, 0, 2, 0, 0, 0, -7, 0}));
  CHECK(p.integers(1) == row({0, 0, 31}));
}

TEST_CASE("selective_pruning can save a share of what fits", "[trimmers]") {
  CountedPackage p = package();
  p.limit = 100;
  make_plugin<Trimmer>("selective_pruning", {{"save", 0.25}})->trim(p);
  CHECK(p.bytes() == 8);  // of ten
}

TEST_CASE("selective_pruning stops within its slack", "[trimmers]") {
  CountedPackage exact, rough;
  for (CountedPackage* p : {&exact, &rough}) p->add(1024, {1}, std::string(1024, '\1'));
  make_plugin<Trimmer>("selective_pruning", {{"target_bytes", 700.0}})->trim(exact);
  make_plugin<Trimmer>("selective_pruning", {{"target_bytes", 700.0}, {"slack_bytes", 200.0}})->trim(rough);
  CHECK(exact.bytes() == 700);
  CHECK(rough.bytes() <= 700);
  CHECK(rough.bytes() >= 500);
  CHECK(rough.asked < exact.asked);
}
