// SPDX-License-Identifier: Apache-2.0
// A ratio of totals estimated from some clusters, by hand and against made-up populations.
#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "statistics/ratio.h"

using namespace caddie;

TEST_CASE("a ratio's interval by hand", "[ratio]") {
  std::vector<double> above = {2, 4, 6}, below = {1, 2, 4};
  // The ratio is 12/7; the residuals 2/7, 4/7, -6/7; their squares, times n / (n - 1), are 84/49.
  RatioEstimate few = estimate_ratio(above, below, 0);
  CHECK(few.ratio == Approx(12.0 / 7));
  CHECK(few.standard_error == Approx(std::sqrt(84.0) / 49));
  CHECK(few.high - few.ratio == Approx(4.302653 * few.standard_error).epsilon(1e-6));  // t(2), 95 %
  CHECK(few.ratio - few.low == Approx(few.high - few.ratio));
  RatioEstimate most = estimate_ratio(above, below, 0.75);
  CHECK(most.standard_error == Approx(few.standard_error / 2));
  CHECK(estimate_ratio(above, below, 1).standard_error == 0);
  CHECK_THROWS_WITH(estimate_ratio(above, std::vector<double>{1, 2}, 0.5), Catch::Contains("3 sums to 2"));
  CHECK_THROWS_WITH(estimate_ratio(std::vector<double>{1}, std::vector<double>{1}, 0.5),
                    Catch::Contains("at least 2"));
}

TEST_CASE("a ratio's interval holds the truth in 95 % of samples", "[ratio]") {
  // Clusters of a level of their own, of different sizes, drawn without replacement.
  constexpr int kClusters = 300, kDrawn = 20, kSamples = 4000;
  Rng rng(11, "ratio");
  std::vector<double> above(kClusters), below(kClusters);
  for (int i = 0; i < kClusters; ++i) {
    below[size_t(i)] = 400 + 200 * rng.uniform();
    above[size_t(i)] = below[size_t(i)] * (1.8 + 0.1 * rng.normal()) + 10 * rng.normal();
  }
  double truth =
      std::accumulate(above.begin(), above.end(), 0.0) / std::accumulate(below.begin(), below.end(), 0.0);
  std::vector<size_t> order(kClusters);
  std::iota(order.begin(), order.end(), 0);
  int held = 0;
  for (int sample = 0; sample < kSamples; ++sample) {
    std::vector<double> a, b;
    for (size_t i = 0; i < kDrawn; ++i) {
      std::swap(order[i], order[i + rng.below(kClusters - i)]);
      a.push_back(above[order[i]]);
      b.push_back(below[order[i]]);
    }
    RatioEstimate estimate = estimate_ratio(a, b, double(kDrawn) / kClusters);
    held += estimate.low <= truth && truth <= estimate.high;
  }
  INFO(held << " of " << kSamples);
  CHECK(held > 0.935 * kSamples);
  CHECK(held < 0.965 * kSamples);
}
