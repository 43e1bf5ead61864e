// SPDX-License-Identifier: Apache-2.0
// The sum of squares over the true variance has a chi-squared distribution, whose quantiles give the ends.
#include "statistics/interval.h"

#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

namespace caddie {

Interval interval_of_sd(const Sample& sample) {
  if (sample.n < 2) return {};
  auto df = double(sample.n - 1);
  boost::math::chi_squared chi(df);
  double squares = df * sample.sd * sample.sd;
  return {std::sqrt(squares / quantile(chi, 0.975)), std::sqrt(squares / quantile(chi, 0.025))};
}

Hypothesis one_sided_hypothesis(Tail tail, double margin, double alpha) {
  return {tail, margin, 1 - 2 * alpha};
}

}  // namespace caddie
