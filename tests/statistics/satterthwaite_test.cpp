// SPDX-License-Identifier: Apache-2.0
// Welch's test with Satterthwaite's degrees of freedom, against SciPy and R.
#include "statistics/satterthwaite.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace caddie;

TEST_CASE("the textbook's test of Welch gives the numbers of SciPy and R", "[statistics]") {
  Sample arm = summarize(std::vector<double>{1.17811903, 1.17930517, 1.17750264}),
         baseline = summarize(std::vector<double>{1.18211342, 1.18320975, 1.18161509});
  // scipy.stats.ttest_ind(arm, baseline, equal_var=False, alternative="less") of scipy 1.17.1, and R 4.2.2's
  // t.test.
  Comparison less = satterthwaite_test(arm, baseline, {Tail::less, 0, 0.98});
  CHECK(less.t == Approx(-5.653077105992).epsilon(1e-9));
  CHECK(less.df == Approx(3.947351971936).epsilon(1e-9));
  CHECK(less.p == Approx(0.002509908838736).epsilon(1e-9));
  // The same with alternative="two-sided" doubles p; its confidence_interval() is [-0.005980618022,
  // -0.002026995311], as R says.
  Comparison both = satterthwaite_test(arm, baseline, {});
  CHECK(both.p == Approx(0.005019817677473).epsilon(1e-9));
  CHECK(both.low == Approx(-0.005980618022).epsilon(1e-9));
  CHECK(both.high == Approx(-0.002026995311).epsilon(1e-9));
}

TEST_CASE("without any spread, or with one value, the textbook's test has no p", "[statistics]") {
  Sample one = summarize(std::vector<double>{1.0}), two = summarize(std::vector<double>{1.0, 2.0}),
         flat = summarize(std::vector<double>{3.0, 3.0});
  CHECK(std::isnan(satterthwaite_test(one, two, {}).p));
  CHECK(std::isnan(satterthwaite_test(flat, flat, {}).p));
  CHECK(satterthwaite_test(flat, flat, {}).is_alike);
}
