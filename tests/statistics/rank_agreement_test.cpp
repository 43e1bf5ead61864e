// SPDX-License-Identifier: Apache-2.0
// Kendall's tau-b and its p against SciPy, and bounds of the true tau against made-up truths.
#include "statistics/rank_agreement.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

using namespace caddie;

using Values = std::vector<double>;

TEST_CASE("tau-b and its p are those of SciPy", "[statistics]") {
  auto check = [](const Values& a, const Values& b, double tau, double p) {
    CHECK(count_pairs(a, b).tau_b() == Approx(tau));
    CHECK(count_pairs(b, a).tau_b() == Approx(tau));
    CHECK(p_of_tau(a, b) == Approx(p));
    CHECK(p_of_tau(b, a) == Approx(p));
  };
  // scipy.stats.kendalltau of SciPy 1.17; exact where nothing is tied, asymptotic with ties and for 60
  // values.
  check({1.90, 1.85, 1.88, 1.83, 1.95, 1.79}, {1.50, 1.47, 1.48, 1.49, 1.53, 1.44}, 0.7333333333333333,
        0.05555555555555555);
  check({1, 2, 3, 4, 5, 6, 7}, {3, 1, 2, 5, 4, 7, 6}, 0.6190476190476191, 0.06904761904761905);
  check({1, 2, 3, 4}, {2, 3, 5, 9}, 1, 0.08333333333333333);
  check({1, 2, 3, 4}, {9, 3, 2, 1}, -1, 0.08333333333333333);
  check({1, 2, 2, 3, 4, 4, 4, 5}, {2, 1, 3, 3, 5, 4, 6, 6}, 0.8006407690254358, 0.009191995862593751);
  Values x, y;
  for (int i = 0; i < 60; ++i) {
    x.push_back(i);
    y.push_back((i * 37) % 61 + 0.5 * i);
  }
  check(x, y, 0.319774011299435, 0.00030630648687926553);
}

TEST_CASE("ranks of nothing, of one thing and of equal things are unknown", "[statistics]") {
  CHECK(std::isnan(count_pairs(Values{}, Values{}).tau_b()));
  CHECK(std::isnan(p_of_tau(Values{1}, Values{2})));
  CHECK(std::isnan(count_pairs(Values{1, 1, 1}, Values{1, 2, 3}).tau_b()));
  CHECK(std::isnan(p_of_tau(Values{1, 2, 3}, Values{5, 5, 5})));
  CHECK_THROWS_WITH(count_pairs(Values{1, 2}, Values{1}),
                    Catch::Contains("2 values") && Catch::Contains("1"));
}

TEST_CASE("pairs that noise leaves open may agree or disagree", "[statistics]") {
  auto by_index = [](size_t i, size_t j) { return i < j ? -1 : 1; };
  auto against = [](size_t i, size_t j) { return i < j ? 1 : -1; };
  auto open = [](size_t, size_t) { return 0; };
  auto far = [](size_t i, size_t j) { return j > i + 1 ? -1 : i > j + 1 ? 1 : 0; };
  TrueTau all = bounds_of_true_tau(4, by_index, by_index);
  CHECK(all.settled == 6);
  CHECK((all.interval.low == 1 && all.interval.high == 1));
  TrueTau opposite = bounds_of_true_tau(4, by_index, against);
  CHECK((opposite.interval.low == -1 && opposite.interval.high == -1));
  TrueTau none = bounds_of_true_tau(4, by_index, open);
  CHECK(none.settled == 0);
  CHECK((none.interval.low == -1 && none.interval.high == 1));
  TrueTau some = bounds_of_true_tau(4, by_index, far);  // 3 of 6 pairs are settled
  CHECK(some.settled == 3);
  CHECK(some.interval.low == Approx(0).margin(1e-12));
  CHECK(some.interval.high == 1);
  CHECK(std::isnan(bounds_of_true_tau(1, by_index, by_index).interval.low));
}

TEST_CASE("bounds hold the tau of the truth as often as the settled orders are right", "[statistics]") {
  // Truths are 1 apart in both measurements but for two neighbours, which the second one has the other way.
  // Bonferroni over 10 pairs in each of two measurements, of known variance: z at 0.05 / 20, two-sided, is
  // 3.0233 by scipy.stats.norm.isf(0.05 / 40).
  const Values true_a = {1, 2, 3, 4, 5}, true_b = {1, 3, 2, 4, 5};
  const double tau = count_pairs(true_a, true_b).tau_b();
  std::mt19937_64 random(7);
  int held = 0, narrow = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::normal_distribution<double> noise(0, 0.3);
    Values a = true_a, b = true_b;
    for (Values* values : {&a, &b})
      for (double& value : *values) value += noise(random);
    auto settled = [](const Values& values) {
      return [&values](size_t i, size_t j) {
        double z = (values[i] - values[j]) / (0.3 * std::sqrt(2.0));
        return z > 3.0233 ? 1 : z < -3.0233 ? -1 : 0;
      };
    };
    TrueTau found = bounds_of_true_tau(5, settled(a), settled(b));
    held += found.interval.low <= tau + 1e-12 && tau - 1e-12 <= found.interval.high;
    narrow += found.interval.low > 0;
  }
  CHECK(held >= 0.95 * kTrials);
  CHECK(narrow > kTrials / 4);  // They say something, too.
}
