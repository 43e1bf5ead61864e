// SPDX-License-Identifier: Apache-2.0
// Each group is measured from its own means, which leaves one slope through the origin.
#include "statistics/trend.h"

#include <cmath>
#include <map>

namespace caddie {
namespace {

struct GroupMeans {
  double n = 0, x = 0, y = 0;
};

std::map<size_t, GroupMeans> means_of(std::span<const Measurement> measurements) {
  std::map<size_t, GroupMeans> means;
  for (const Measurement& m : measurements) {
    GroupMeans& mean = means[m.group];
    mean.n += 1;
    mean.x += (m.x - mean.x) / mean.n;
    mean.y += (m.y - mean.y) / mean.n;
  }
  return means;
}

}  // namespace

Trend common_trend(std::span<const Measurement> measurements) {
  const std::map<size_t, GroupMeans> means = means_of(measurements);
  double xx = 0, xy = 0, yy = 0;
  for (const Measurement& m : measurements) {
    const GroupMeans& mean = means.at(m.group);
    double x = m.x - mean.x, y = m.y - mean.y;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  Trend trend;
  double df = double(measurements.size()) - double(means.size()) - 1;
  if (!(xx > 0) || !(df > 0)) return trend;
  trend.slope = xy / xx;
  trend.df = df;
  double residual = yy - trend.slope * xy;
  if (!(residual > 0)) return trend;
  double error = std::sqrt(residual / df / xx);
  trend.p = p_of_t(trend.slope / error, df, Tail::both);
  double reach = critical_t(df, 1 - Hypothesis().confidence, Tail::both) * error;
  trend.low = trend.slope - reach;
  trend.high = trend.slope + reach;
  return trend;
}

}  // namespace caddie
