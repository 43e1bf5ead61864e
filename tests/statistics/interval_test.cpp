// SPDX-License-Identifier: Apache-2.0
#include "statistics/interval.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace caddie;

TEST_CASE("the interval of a standard deviation by tables of chi squared", "[statistics]") {
  // Quantiles 2.700 and 19.023 at 9 degrees of freedom, 0.000982 and 5.0239 at 1.
  Interval ten = interval_of_sd({10, 0, 2});
  CHECK(ten.low == Approx(2 * std::sqrt(9 / 19.0228)).epsilon(1e-5));
  CHECK(ten.high == Approx(2 * std::sqrt(9 / 2.70039)).epsilon(1e-5));
  Interval two = interval_of_sd({2, 5, 1});
  CHECK(two.low == Approx(std::sqrt(1 / 5.02389)).epsilon(1e-5));
  CHECK(two.high == Approx(std::sqrt(1 / 0.000982069)).epsilon(1e-5));
}

TEST_CASE("one value has no interval of its spread", "[statistics]") {
  CHECK(std::isnan(interval_of_sd({1, 5, kUnknown}).low));
  CHECK(std::isnan(interval_of_sd({}).high));
}
