// SPDX-License-Identifier: Apache-2.0
// Where NaN and infinity are found in tensors.
#include "tensor/finite.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace caddie;

TEST_CASE("the first element that is not finite is named by its place", "[tensor]") {
  Tensor cube({2, 3, 4});
  CHECK(is_finite(cube));
  CHECK(first_not_finite(cube).empty());
  cube.data()[1 * 12 + 2 * 4 + 3] = -std::numeric_limits<float>::infinity();
  CHECK(first_not_finite(cube) == "[1, 2, 3] is -inf");
  cube.data()[4] = std::numeric_limits<float>::quiet_NaN();
  CHECK(first_not_finite(cube) == "[0, 1, 0] is nan");
  CHECK_FALSE(is_finite(cube));
  CHECK(first_not_finite(Tensor({0})).empty());
}
