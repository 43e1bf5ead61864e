// SPDX-License-Identifier: Apache-2.0
// Power and seeds against R's power.t.test.
#include <catch2/catch.hpp>
#include <cmath>

#include "statistics/power.h"

using namespace caddie;

TEST_CASE("power and seeds as R's power.t.test", "[statistics]") {
  // power.t.test(n = 20, delta = 1, sd = 1): 0.8689528; one.sided at n = 10: 0.6909...
  ComparisonDesign design{20, 20, 38, 1, 0.05, Tail::both};
  CHECK(power_of(design, 1) == Approx(0.8689528).epsilon(1e-5));
  CHECK(power_of(design, 0) == Approx(0.05));
  CHECK(detectable(design, 0.8689528) == Approx(1).epsilon(1e-5));
  // power.t.test(power = .90, delta = 1, sd = 1): n = 22.02110, so 23.
  CHECK(seeds_needed(design, 1, 0.9, 2) == 23);
  CHECK(seeds_needed(design, 1e-6, 0.9, 2) == 0);
  // Counts above the last power of two below the most that is looked at are tried as well.
  int64_t many = seeds_needed(design, 0.0475, 0.9, 2);
  CHECK(many > 8192);
  CHECK(many < 10000);
  CHECK(significant_delta(design) == Approx(2.0243942 * std::sqrt(0.1)).epsilon(1e-6));
  CHECK(std::isnan(power_of({3, 3, 0, 1, 0.05, Tail::both}, 1)));
}
