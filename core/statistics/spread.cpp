// SPDX-License-Identifier: Apache-2.0
// The test of Brown and Forsythe is taken where all arms have ten values or more, and else that of Bartlett.
#include "statistics/spread.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>

#include "base/median.h"

namespace caddie {

namespace bm = boost::math;

double brown_forsythe_p(std::span<const std::vector<double>> arms) {
  std::vector<Sample> distances;  // the distances of each arm's values from their median
  double sum = 0, all = 0;
  for (const std::vector<double>& values : arms) {
    if (values.size() < 2) continue;
    std::vector<double> from_median;
    for (double value : values) from_median.push_back(std::abs(value - median(values)));
    distances.push_back(summarize(from_median));
    sum += distances.back().mean * double(values.size());
    all += double(values.size());
  }
  if (distances.size() < 2) return kUnknown;
  double between = 0, arms_df = double(distances.size()) - 1;
  for (const Sample& arm : distances) between += double(arm.n) * std::pow(arm.mean - sum / all, 2);
  PooledVariance within = pool(distances);
  if (!(within.variance > 0)) return kUnknown;
  return bm::cdf(bm::complement(bm::fisher_f(arms_df, within.df), between / arms_df / within.variance));
}

double bartlett_p(std::span<const std::vector<double>> arms) {
  std::vector<Sample> samples;
  for (const std::vector<double>& values : arms)
    if (Sample sample = summarize(values); sample.sd > 0) samples.push_back(sample);
  if (samples.size() < 2) return kUnknown;
  PooledVariance pooled = pool(samples);
  double statistic = pooled.df * std::log(pooled.variance), parts = -1 / pooled.df;
  for (const Sample& arm : samples) {
    statistic -= double(arm.n - 1) * std::log(arm.sd * arm.sd);
    parts += 1 / double(arm.n - 1);
  }
  double arms_df = double(samples.size()) - 1;
  statistic /= 1 + parts / (3 * arms_df);
  return bm::cdf(bm::complement(bm::chi_squared(arms_df), std::max(0.0, statistic)));
}

bool spreads_differ(std::span<const std::vector<double>> arms) {
  constexpr double kSure = 0.01;
  constexpr size_t kMany = 10;
  bool any_alike = false, any_spread = false;
  for (const std::vector<double>& values : arms) {
    Sample sample = summarize(values);
    any_alike |= sample.sd == 0;
    any_spread |= sample.sd > 0;
  }
  if (any_alike && any_spread) return true;
  bool many = std::all_of(arms.begin(), arms.end(),
                          [](const std::vector<double>& values) { return values.size() >= kMany; });
  return (many ? brown_forsythe_p(arms) : bartlett_p(arms)) < kSure;
}

}  // namespace caddie
