// SPDX-License-Identifier: Apache-2.0
// Arms of unequal noise that share a baseline, against the cases in which the distribution is known.
#include <catch2/catch.hpp>
#include <vector>

#include "statistics/compare.h"
#include "statistics/joint.h"
#include "statistics/welch_family.h"

using namespace caddie;

TEST_CASE("Welch's test of arms that share a baseline", "[statistics]") {
  WelchNulls single(std::vector<int64_t>{4}, 4);
  WelchFamily one(single, 0.05, Tail::both);
  CHECK(one.p(2.5, 6, 1, {0}) == Approx(p_of_t(2.5, 6, Tail::both)).margin(0.006));
  std::vector<int64_t> seeds = {30, 30, 30, 30};
  WelchNulls nulls(seeds, 30);
  WelchFamily family(nulls, 0.05, Tail::less);
  // With many seeds and equal variances it is Dunnett's distribution.
  CHECK(family.p(-2, 58, 1, {0, 1, 2, 3}) == Approx(Dunnett(seeds, 30, 58).p(-2, Tail::less)).margin(0.005));
  CHECK(family.critical(58, 1) == Approx(Dunnett(seeds, 30, 58).critical(0.05, Tail::less)).margin(0.05));
  // What p and the limit say is the same; the noisier the baseline, the more the arms have in common.
  for (double ratio : {0.3, 1.0, 3.0})
    CHECK(family.p(-family.critical(58, ratio), 58, ratio, {0, 1, 2, 3}) == Approx(0.05).margin(1e-4));
  CHECK(family.critical(58, 0.2) < family.critical(58, 5) - 0.1);
  CHECK(family.critical(58, 5) < critical_t(58, 0.0125, Tail::less) + 0.05);
  CHECK(family.p(-2, 58, 1, {0, 1}) < family.p(-2, 58, 1, {0, 1, 2, 3}));
}
