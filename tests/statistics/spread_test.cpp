// SPDX-License-Identifier: Apache-2.0
// Tests of one variance for all arms, against the values that SciPy prints.
#include "statistics/spread.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace caddie;

using Arms = std::vector<std::vector<double>>;

TEST_CASE("spreads are compared as SciPy compares them", "[statistics]") {
  Arms wild = {{1.8990, 1.8999, 1.9010, 1.8993, 1.9002},
               {1.8960, 1.8969, 1.8980, 1.8963, 1.8978},
               {1.90, 1.95, 2.05, 1.88, 1.99}};
  // scipy.stats.levene(*wild, center="median") and scipy.stats.bartlett(*wild).
  CHECK(brown_forsythe_p(wild) == Approx(0.003206737248599585));
  CHECK(bartlett_p(wild) == Approx(6.0191937229738645e-12));
  CHECK(spreads_differ(wild));
  Arms few = wild;
  for (std::vector<double>& arm : few) arm.resize(3);
  CHECK(brown_forsythe_p(few) == Approx(0.13015407307151317));  // sees nothing of SDs that differ eightyfold
  CHECK(bartlett_p(few) == Approx(1.0249550227449454e-05));
  CHECK(spreads_differ(few));
}

TEST_CASE("no spread in one arm and some in another cannot be one variance", "[statistics]") {
  CHECK(spreads_differ(Arms{{1.9, 1.9, 1.9, 1.9, 1.9}, {1.85, 1.95, 1.82, 1.88, 1.90}}));
  CHECK(spreads_differ(Arms{{1.9, 1.9}, {1.85, 1.95}, {1.8, 1.9}}));
  CHECK(spreads_differ(Arms{{1.9, 1.9, 1.9}, {1.8, 1.8, 1.8}, {1.9, 1.900001, 1.900002}}));
  CHECK_FALSE(spreads_differ(Arms{{1.9, 1.9, 1.9}, {1.8, 1.8, 1.8}}));
  CHECK_FALSE(spreads_differ(Arms{{1.9, 1.9, 1.9}, {1.8}}));
}

TEST_CASE("five seeds tell SDs that differ tenfold, but not all that differ less", "[statistics]") {
  // The p are from Student's t of the root of F, and from erfc of the root of half of chi squared.
  Arms fivefold = {{1.9, 1.901, 1.899, 1.9005, 1.8995}, {1.896, 1.899, 1.892, 1.9, 1.893}};
  CHECK(brown_forsythe_p(fivefold) == Approx(0.01985288172));
  CHECK(bartlett_p(fivefold) == Approx(0.01375438171));
  CHECK_FALSE(spreads_differ(fivefold));
  Arms tenfold = fivefold;
  for (double& value : tenfold[1]) value = 1.9 + (value - 1.9) * 2.2;
  CHECK(spreads_differ(tenfold));
}

TEST_CASE("spreads that are alike, or unknown, give no hint", "[statistics]") {
  CHECK_FALSE(spreads_differ(Arms{{1, 2, 3}, {2, 4, 5}, {1, 1.5, 3}}));
  CHECK_FALSE(spreads_differ(Arms{{1}, {2, 3, 9}}));
  CHECK(std::isnan(bartlett_p(Arms{{1, 1, 1}, {2, 3, 9}})));
  CHECK(std::isnan(brown_forsythe_p(Arms{{1, 1, 1}, {2, 2, 2}})));
}
