// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>

#include "statistics/interval.h"
#include "statistics/power.h"

using namespace caddie;

TEST_CASE("arms with as many seeds as the baseline pool their variance", "[statistics]") {
  EvenDesign even{5, 4, 0.002};
  ComparisonDesign design = even.design();
  CHECK(design.seeds == 5);
  CHECK(design.baseline_seeds == 5);
  CHECK(design.df == 16);  // 4 arms, 4 degrees of freedom each
  CHECK(design.sd == 0.002);
  CHECK(design.comparisons == 1);
  CHECK(design.tail == Tail::less);
  CHECK(even.pooled_arms() == 4);
}

TEST_CASE("seven arms of five seeds resolve what the README says", "[statistics]") {
  // scipy.stats.t.isf(0.025, 28) * sd * sqrt(2 / 5), and the limit that scipy.stats.multivariate_t with 28
  // degrees of freedom and correlations of one half stays within, in all six dimensions, with chance 95%.
  EvenDesign design{5, 7, 0.00604, 0.05, false, false, true};
  CHECK(significant_delta(design.design()) == Approx(0.007824979629261585).epsilon(1e-3));
  design.corrected = true;
  CHECK(significant_delta(design.design()) == Approx(0.01043364649296093).epsilon(3e-3));
}

TEST_CASE("pairs have a variance of their own and no noise of a baseline", "[statistics]") {
  EvenDesign even{5, 4, 0.002};
  even.paired = true;
  CHECK(even.pooled_arms() == 1);
  CHECK(even.design().df == 4);
  CHECK(std::isinf(even.design().baseline_seeds));
  CHECK(even.design().standard_error() == Approx(0.002 / std::sqrt(5)));
}

TEST_CASE("a correction counts the arms without the baseline", "[statistics]") {
  EvenDesign even{3, 4, 1};
  double alone = significant_delta(even.design());
  even.corrected = true;
  CHECK(even.design().comparisons == 3);
  CHECK(significant_delta(even.design()) > alone);
  even.two_sided = true;
  CHECK(even.design().tail == Tail::both);
}

TEST_CASE("the interval of a one-sided hypothesis excludes the margin when it is shown", "[statistics]") {
  Sample arm = {4, 1.0, 0.01}, baseline = {4, 1.02, 0.01};
  Hypothesis hypothesis = one_sided_hypothesis(Tail::less, 0.0, 0.01);
  CHECK(hypothesis.confidence == Approx(0.98));
  Comparison c = pooled_test(arm, baseline, {1e-4, 6}, hypothesis);
  CHECK((c.p < 0.01) == (c.high < 0));
  Hypothesis wide = one_sided_hypothesis(Tail::less, 0.0, 0.05);
  Comparison met = pooled_test(arm, baseline, {1e-4, 6}, wide);
  CHECK(met.p < 0.05);
  CHECK(met.high < 0);
}
