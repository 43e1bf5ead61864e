// SPDX-License-Identifier: Apache-2.0
// The residuals of the ratio give its standard error, which is the smaller the more was sampled.
#include "statistics/ratio.h"

#include <caddie/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace caddie {

RatioEstimate estimate_ratio(std::span<const double> above, std::span<const double> below, double sampled,
                             double confidence) {
  check(above.size() == below.size() && above.size() >= 2,
        "a ratio of {} sums to {} was to be estimated; wanted as many, and at least 2", above.size(),
        below.size());
  auto n = double(above.size());
  double total = std::accumulate(below.begin(), below.end(), 0.0), squares = 0;
  RatioEstimate estimate;
  estimate.ratio = std::accumulate(above.begin(), above.end(), 0.0) / total;
  for (size_t i = 0; i < above.size(); ++i) {
    double residual = above[i] - estimate.ratio * below[i];
    squares += residual * residual;
  }
  double unseen = std::max(0.0, 1 - sampled);
  estimate.standard_error = std::sqrt(unseen * n / (n - 1) * squares) / total;
  double reach = critical_t(n - 1, 1 - confidence, Tail::both) * estimate.standard_error;
  estimate.low = estimate.ratio - reach;
  estimate.high = estimate.ratio + reach;
  return estimate;
}

}  // namespace caddie
