// SPDX-License-Identifier: Apache-2.0
// Several arms at once: Holm, steps by a joint distribution, rotations, and Dunnett against published tables.
#include <catch2/catch.hpp>
#include <cmath>
#include <span>
#include <vector>

#include "statistics/compare.h"
#include "statistics/joint.h"

using namespace caddie;

using Values = std::vector<double>;

TEST_CASE("Holm's adjustment", "[statistics]") {
  // As p.adjust(c(.01, .02, .03, .04), "holm") in R.
  CHECK(holm(Values{0.01, 0.02, 0.03, 0.04}) == Values{0.04, 0.06, 0.06, 0.06});
  std::vector<double> adjusted = holm(Values{0.6, kUnknown, 0.01});
  CHECK(adjusted[0] == Approx(0.6));
  CHECK(std::isnan(adjusted[1]));
  CHECK(adjusted[2] == Approx(0.02));
  CHECK(holm(Values{}).empty());
}

TEST_CASE("going down in steps by a joint distribution", "[statistics]") {
  // Independent arms: Sidak's 1 - (1 - p)^k with k arms left, never below the one before.
  Values p = {0.01, kUnknown, 0.02, 0.5};
  std::vector<double> down = adjusted(p, true, independent(p)), at_once = adjusted(p, false, independent(p));
  CHECK(down[0] == Approx(1 - std::pow(0.99, 3)));
  CHECK(down[2] == Approx(1 - std::pow(0.98, 2)));
  CHECK(down[3] == Approx(0.5));
  CHECK(std::isnan(down[1]));
  CHECK(at_once[2] == Approx(1 - std::pow(0.98, 3)));
}

TEST_CASE("rotations find Student's t for one arm, and less than Bonferroni for arms that move together",
          "[statistics]") {
  std::vector<Values> differences = {{0.3, 0.9, 0.5, 1.1}, {0.31, 0.88, 0.52, 1.12}};
  Sample sample = summarize(differences[0]);
  double p = p_of_t(sample.mean / sample.sem(), 3, Tail::both);
  Rotations rotations(differences, Tail::both, 50000);
  CHECK(rotations.p(0, {0}) == Approx(p).margin(0.002));
  CHECK(rotations.p(0, {0, 1}) < 1.2 * p);
  CHECK(Rotations(std::span(differences).first(1), Tail::both, 50000).critical(0.05) ==
        Approx(critical_t(3, 0.05, Tail::both)).margin(0.1));
  CHECK(Rotations(differences, Tail::less).p(0, {0, 1}) > 0.9);
}

TEST_CASE("Dunnett's tables", "[statistics]") {
  // Critical values at 5% and 1%, equal sizes: Dunnett 1955 (one-sided) and 1964 (two-sided).
  auto critical = [](int arms, double df, double alpha, Tail tail) {
    return Dunnett(std::vector<int64_t>(size_t(arms), 5), 5, df).critical(alpha, tail);
  };
  CHECK(critical(2, 10, 0.05, Tail::both) == Approx(2.57).margin(0.006));
  CHECK(critical(3, 20, 0.05, Tail::both) == Approx(2.54).margin(0.006));
  CHECK(critical(9, 20, 0.05, Tail::both) == Approx(2.95).margin(0.006));
  CHECK(critical(3, 20, 0.01, Tail::both) == Approx(3.29).margin(0.006));
  CHECK(critical(2, 10, 0.05, Tail::less) == Approx(2.15).margin(0.006));
  CHECK(critical(3, 20, 0.05, Tail::less) == Approx(2.19).margin(0.006));
  CHECK(critical(3, 5, 0.05, Tail::less) == Approx(2.68).margin(0.006));
}

TEST_CASE("Dunnett with one arm is Student's t", "[statistics]") {
  Dunnett one(std::vector<int64_t>{3}, 4, 5);
  for (double t : {-2.5, 0.3, 1.0, 4.0}) {
    CHECK(one.p(t, Tail::both) == Approx(p_of_t(t, 5, Tail::both)).margin(1e-8));
    CHECK(one.p(t, Tail::less) == Approx(p_of_t(t, 5, Tail::less)).margin(1e-8));
    CHECK(one.p(t, Tail::greater) == Approx(p_of_t(t, 5, Tail::greater)).margin(1e-8));
  }
  CHECK(Dunnett(std::vector<int64_t>{2, 2, 2}, 2, 1).p(3, Tail::both) > p_of_t(3, 1, Tail::both));
}

TEST_CASE("Dunnett's limit at one degree of freedom is that of some t", "[statistics]") {
  for (double alpha : {1e-3, 1e-4}) {
    double limit = Dunnett(std::vector<int64_t>{2, 2, 2}, HUGE_VAL, 1).critical(alpha, Tail::both);
    CHECK(limit >= critical_t(1, alpha, Tail::both));
    CHECK(limit <= critical_t(1, alpha / 3, Tail::both) + 1e-6);
  }
}
