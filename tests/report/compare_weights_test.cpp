// SPDX-License-Identifier: Apache-2.0
// Weights side by side: which tensors have equal bits, where the others first differ, and by how much.
#include "report/compare_weights.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "support/data_support.h"
#include "tensor/safetensors.h"

using namespace caddie;

namespace {

using Named = std::vector<std::pair<std::string, Tensor>>;

Tensor tensor(const Shape& shape, const std::vector<float>& values) {
  Tensor made(shape);
  for (size_t i = 0; i < values.size(); ++i) made.data()[i] = values[i];
  return made;
}

WeightDifferences compare(const Named& a, const Named& b) {
  TemporaryFolder folder;
  write_safetensors(folder.path() / "a", a);
  write_safetensors(folder.path() / "b", b);
  return compare_weights(folder.path() / "a", folder.path() / "b");
}

}  // namespace

TEST_CASE("weights with equal bits are the same", "[compare_weights]") {
  float nan = std::numeric_limits<float>::quiet_NaN();
  Named weights = {{"x", tensor({2, 2}, {1, 2, 3, nan})}, {"y", tensor({1}, {5})}};
  WeightDifferences found = compare(weights, weights);
  CHECK(found.same());
  CHECK(found.tensors == 2);
  CHECK(found.differing.empty());
}

TEST_CASE("where weights differ, the first place and the largest distance are told", "[compare_weights]") {
  WeightDifferences found =
      compare({{"same", tensor({1}, {1})}, {"x", tensor({2, 3}, {1, 2, 3, 4, 5, 6})}},
              {{"same", tensor({1}, {1})}, {"x", tensor({2, 3}, {1, 2, 3, 4.5, 5, 4})}});
  CHECK(found.tensors == 2);
  CHECK(found.equal == 1);
  REQUIRE(found.differing.size() == 1);
  const TensorDifference& x = found.differing[0];
  CHECK(x.name == "x");
  CHECK(x.differing == 2);
  CHECK(x.first == std::vector<int64_t>{1, 0});
  CHECK(x.a == 4);
  CHECK(x.b == 4.5);
  CHECK(x.largest == 2);
  CHECK(line_of(x) == "x: 2 of its elements differ, first at [1, 0] (4 and 4.5), by at most 2");
}

TEST_CASE("bits are compared, not values", "[compare_weights]") {
  WeightDifferences zeros = compare({{"x", tensor({1}, {0.0f})}}, {{"x", tensor({1}, {-0.0f})}});
  REQUIRE(zeros.differing.size() == 1);
  CHECK(zeros.differing[0].largest == 0);
  float inf = std::numeric_limits<float>::infinity();
  WeightDifferences grown = compare({{"x", tensor({1}, {1})}}, {{"x", tensor({1}, {inf})}});
  CHECK(std::isinf(grown.differing.at(0).largest));
}

TEST_CASE("tensors that only one run has, or of another shape", "[compare_weights]") {
  WeightDifferences found = compare({{"x", tensor({2}, {1, 2})}, {"old", tensor({1}, {1})}},
                                    {{"new", tensor({1}, {1})}, {"x", tensor({1, 2}, {1, 2})}});
  CHECK(found.tensors == 3);
  CHECK(found.equal == 0);
  REQUIRE(found.differing.size() == 3);
  CHECK(line_of(found.differing[0]) == "x: [2] and [1, 2]");
  CHECK(line_of(found.differing[1]) == "old: only in a");
  CHECK(line_of(found.differing[2]) == "new: only in b");
}

TEST_CASE("a file that holds no weights is named", "[compare_weights]") {
  TemporaryFolder folder;
  write_safetensors(folder.path() / "a", {});
  CHECK_THROWS_AS(compare_weights(folder.path() / "a", folder.path() / "none"), Error);
}
