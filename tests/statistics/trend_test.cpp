// SPDX-License-Identifier: Apache-2.0
// The common slope of groups, against statsmodels.
#include "statistics/trend.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace caddie;

TEST_CASE("a common slope is that of an analysis of covariance", "[statistics]") {
  const double hours[] = {0, 2, 4, 1, 3, 5, 6, 0.5, 4.5};
  const double speeds[] = {100, 97, 95, 80, 79, 76, 75, 120, 114};
  const size_t groups[] = {0, 0, 0, 1, 1, 1, 1, 2, 2};
  std::vector<Measurement> measurements;
  for (size_t i = 0; i < 9; ++i) measurements.push_back({groups[i], hours[i], std::log(speeds[i])});
  Trend trend = common_trend(measurements);
  // statsmodels 0.15: OLS of log(speed) on a dummy for each group and the hours.
  CHECK(trend.slope == Approx(-0.01317292297362811));
  CHECK(trend.df == 5);
  CHECK(trend.p == Approx(3.7494378482205934e-05));
  CHECK(trend.low == Approx(-0.01564896841059353));
  CHECK(trend.high == Approx(-0.01069687753666269));
}

TEST_CASE("a slope is unknown where nothing tells it", "[statistics]") {
  using All = std::vector<Measurement>;
  CHECK(std::isnan(common_trend(All{}).slope));
  CHECK(std::isnan(common_trend(All{{0, 1, 1}, {0, 2, 2}}).slope));             // no degree of freedom
  CHECK(std::isnan(common_trend(All{{0, 1, 1}, {1, 2, 2}, {2, 3, 3}}).slope));  // one each
  CHECK(std::isnan(common_trend(All{{0, 1, 1}, {0, 1, 2}, {0, 1, 3}}).slope));  // at one time
  Trend exact = common_trend(All{{0, 0, 1}, {0, 1, 3}, {0, 2, 5}, {1, 0, 0}, {1, 1, 2}});
  CHECK(exact.slope == Approx(2));
  CHECK(std::isnan(exact.p));
}
