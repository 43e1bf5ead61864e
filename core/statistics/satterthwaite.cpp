// SPDX-License-Identifier: Apache-2.0
// The degrees of freedom are those of a variance that is the sum of two.
#include "statistics/satterthwaite.h"

#include <cmath>

namespace caddie {

Comparison satterthwaite_test(const Sample& arm, const Sample& baseline, const Hypothesis& hypothesis) {
  Comparison c{"satterthwaite", arm.mean - baseline.mean};
  double a = arm.sem() * arm.sem(), b = baseline.sem() * baseline.sem();
  double df = (a + b) * (a + b) / (a * a / double(arm.n - 1) + b * b / double(baseline.n - 1));
  c.is_alike = a + b == 0;
  if (c.is_alike || !std::isfinite(df)) return c;
  c.standard_error = std::sqrt(a + b);
  c.df = df;
  c.t = beyond_margin(c.delta, hypothesis) / c.standard_error;
  c.p = p_of_t(c.t, df, hypothesis.tail);
  c.reach(critical_t(df, 1 - hypothesis.confidence, Tail::both));
  return c;
}

}  // namespace caddie
