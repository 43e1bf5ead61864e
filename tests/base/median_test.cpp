// SPDX-License-Identifier: Apache-2.0
#include "base/median.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace caddie;

TEST_CASE("the median is in the middle, between two for an even count", "[base]") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 9}) == 3);
  CHECK(median({5}) == 5);
  CHECK(std::isnan(median({})));
}
