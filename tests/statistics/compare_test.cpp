// SPDX-License-Identifier: Apache-2.0
// Samples and single comparisons against values by hand and those that R prints.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "statistics/compare.h"
#include "statistics/welch_level.h"

using namespace caddie;

using Values = std::vector<double>;

TEST_CASE("mean, sd and sem by hand", "[statistics]") {
  Sample sample = summarize(Values{2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(sample.n == 8);
  CHECK(sample.mean == 5);
  CHECK(sample.sd == Approx(std::sqrt(32.0 / 7)));
  CHECK(sample.sem() == Approx(std::sqrt(32.0 / 7 / 8)));
  CHECK(summarize(Values{}).n == 0);
  CHECK(std::isnan(summarize(Values{}).mean));
  CHECK(std::isnan(summarize(Values{3}).sd));
}

TEST_CASE("pooling weighs by degrees of freedom and passes over single runs", "[statistics]") {
  std::vector<Sample> arms = {{3, 0, 2}, {5, 1, 4}, {1, 9, kUnknown}};
  PooledVariance pooled = pool(arms);
  CHECK(pooled.df == 6);
  CHECK(pooled.variance == Approx((2 * 4 + 4 * 16) / 6.0));
  CHECK(std::isnan(pool(std::vector<Sample>{{1, 2, kUnknown}}).variance));
}

TEST_CASE("Student's sleep data: t-tests as R prints them", "[statistics]") {
  // help(sleep) in R: extra hours of sleep under two drugs, ten patients.
  Values one = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  Values two = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  Sample a = summarize(one), b = summarize(two);
  Comparison welch = welch_test(a, b, {});
  CHECK(welch.t == Approx(-1.8608).epsilon(1e-4));
  // R's degrees of freedom are Satterthwaite's, 17.776: (a + b)^2 / (a^2 / 9 + b^2 / 9). With 11 and -2:
  CHECK(welch.df == Approx(17.776 * 11 / 9 - 2).epsilon(1e-4));
  // Twice the welch_level of scipy.stats.t.sf(1.8608, 19.726) for 10 and 10 seeds, by scipy.stats.beta and t.
  CHECK(welch.p == Approx(0.07958321293151727).epsilon(1e-3));
  CHECK(welch.high + welch.low == Approx(2 * welch.delta));
  Comparison pooled = pooled_test(a, b, pool(std::vector<Sample>{a, b}), {});
  CHECK(pooled.df == 18);
  CHECK(pooled.p == Approx(0.07919).epsilon(1e-3));
  Comparison paired = paired_test(one, two, {});
  CHECK(paired.t == Approx(-4.0621).epsilon(1e-4));
  CHECK(paired.p == Approx(0.002833).epsilon(1e-3));
  CHECK(one_sample_test(b, 0, {Tail::greater}).p == Approx(paired_test(two, Values(10, 0.0), {}).p / 2));
}

TEST_CASE("a margin moves a one-sided test, not the interval", "[statistics]") {
  Sample arm{3, 1.0, 0.1}, baseline{3, 2.0, 0.1};
  PooledVariance pooled = pool(std::vector<Sample>{arm, baseline});
  Comparison plain = pooled_test(arm, baseline, pooled, {Tail::less});
  Comparison half = pooled_test(arm, baseline, pooled, {Tail::less, 0.5});
  CHECK(half.t == Approx(plain.t / 2));
  CHECK(half.low == plain.low);
  CHECK(pooled_test(arm, baseline, pooled, {Tail::less, 1.0}).p == Approx(0.5));
  CHECK(pooled_test(arm, baseline, pooled, {Tail::greater}).p == Approx(1 - plain.p));
}

TEST_CASE("the level of Welch's test with few seeds", "[statistics]") {
  // The same integral by scipy.stats.beta and scipy.stats.t with 400 Gauss-Legendre points, largest over
  // ratios e^-6 ... e^6; two million draws of numpy.random.Generator.normal gave .0192 and .0254 for the
  // first two.
  CHECK(welch_level(0.01, 3, 3) == Approx(0.019178).epsilon(1e-2));
  CHECK(welch_level(0.01, 3, 10) == Approx(0.025672).epsilon(1e-2));
  CHECK(welch_level(0.01, 10, 3) == Approx(0.025672).epsilon(1e-2));
  CHECK(welch_level(0.01, 10, 10) == Approx(0.010806).epsilon(2e-3));
  CHECK(welch_level(0.001, 2, 5) == Approx(0.026688).epsilon(3e-2));
  for (double level : {0.05, 0.01, 0.001})
    CHECK(welch_level(welch_alpha(level, 3, 6), 3, 6) == Approx(level).epsilon(1e-4));
}

TEST_CASE("equal values have no spread, whatever rounding makes of their mean", "[statistics]") {
  CHECK(summarize(Values{1.913, 1.913, 1.913}).sd == 0);
  CHECK(summarize(Values{1e-9, 2e-9}).sd > 0);
  CHECK(summarize(Values{1.0, 1.0 + 1e-12}).sd > 0);
  Comparison c = paired_test(Values{1.1, 1.2, 1.3}, Values{1.0, 1.1, 1.2}, {});
  CHECK(c.is_alike);
  CHECK(std::isnan(c.p));
  CHECK(welch_test({3, 1.0, 0}, {3, 2.0, 0}, {}).is_alike);
  CHECK_FALSE(welch_test({1, 1.0, kUnknown}, {3, 2.0, 0.1}, {}).is_alike);
}

TEST_CASE("no noise known, no p", "[statistics]") {
  Comparison c = pooled_test({1, 2.0, kUnknown}, {1, 1.0, kUnknown}, {}, {});
  CHECK(c.delta == 1);
  CHECK(std::isnan(c.p));
  CHECK(std::isnan(c.low));
  CHECK(std::isnan(welch_test({1, 2.0, kUnknown}, {3, 1.0, 0.1}, {}).p));
  CHECK(std::isnan(pooled_test({0}, {3, 1.0, 0.1}, {0.01, 2}, {}).p));
}
