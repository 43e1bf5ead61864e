// SPDX-License-Identifier: Apache-2.0
// The logarithm of the speed is taken because a machine that slows down slows all arms by the same share.
#include "report/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "report/cells.h"
#include "results/metrics.h"

namespace caddie {
namespace {

constexpr double kSecondsPerHour = 3600, kBeyondDoubt = 0.01, kWorthTelling = 0.01;

/// Holds one training: the arm and the machine that it ran on, when it began, and how fast it was.
struct TimedTraining {
  size_t arm = 0;
  std::string host;
  double hours = 0;  // the time since 1970 began
  double tokens_per_second = 0;
};

/// Returns the trainings of the finished runs whose start and speed are known, in the order of their starts.
std::vector<TimedTraining> timed_trainings(const Ablation& ablation) {
  std::vector<std::pair<std::string, TimedTraining>> named;
  for (const RunRow& run : ablation.runs) {
    std::optional<double> started = run.state.record ? run.state.record->started() : std::nullopt;
    double speed = run.number(kTokensPerSecond);
    if (!run.is_done() || !started || !(speed > 0)) continue;
    named.push_back(
        {run.training(), {run.run->arm, run.state.record->machine.host, *started / kSecondsPerHour, speed}});
  }
  std::stable_sort(named.begin(), named.end(),
                   [](const auto& a, const auto& b) { return a.second.hours < b.second.hours; });
  std::set<std::string> seen;
  std::vector<TimedTraining> trainings;
  for (const auto& [name, training] : named)
    if (name.empty() || seen.insert(name).second) trainings.push_back(training);
  return trainings;
}

std::vector<Measurement> measurements_of(const std::vector<TimedTraining>& trainings) {
  std::map<std::pair<size_t, std::string>, size_t> groups;
  std::vector<Measurement> measurements;
  for (const TimedTraining& training : trainings) {
    size_t group = groups.try_emplace({training.arm, training.host}, groups.size()).first->second;
    measurements.push_back(
        {group, training.hours - trainings.front().hours, std::log(training.tokens_per_second)});
  }
  return measurements;
}

/// Sets the arm that drift moves most against the baseline. Arms without a training of their own stay out.
void find_worst_shift(Drift& drift, double slope, const Ablation& ablation,
                      const std::vector<TimedTraining>& trainings) {
  std::map<size_t, std::vector<double>> starts;
  for (const TimedTraining& training : trainings) starts[training.arm].push_back(training.hours);
  auto baseline = size_t(ablation.baseline_row().arm - ablation.plan->arms.data());
  if (!starts.contains(baseline)) return;
  double usual = summarize(starts[baseline]).mean;
  for (const auto& [arm, hours] : starts) {
    if (arm == baseline) continue;
    double shift = std::expm1(slope * (summarize(hours).mean - usual));
    if (std::isfinite(drift.shift) && std::abs(shift) <= std::abs(drift.shift)) continue;
    drift.shift = shift;
    drift.arm = ablation.plan->arms[arm].label;
  }
}

std::string percent(double share) { return signed_fixed(100 * share, 1) + "%"; }

}  // namespace

bool Drift::matters() const { return p < kBeyondDoubt && std::abs(change) >= kWorthTelling; }

Drift drift_of(const Ablation& ablation) {
  std::vector<TimedTraining> trainings = timed_trainings(ablation);
  Trend trend = common_trend(measurements_of(trainings));
  Drift drift;
  if (!std::isfinite(trend.slope)) return drift;
  drift.hours = trainings.back().hours - trainings.front().hours;
  drift.change = std::expm1(trend.slope * drift.hours);
  drift.low = std::expm1(trend.low * drift.hours);
  drift.high = std::expm1(trend.high * drift.hours);
  drift.df = trend.df;
  drift.p = trend.p;
  find_worst_shift(drift, trend.slope, ablation, trainings);
  return drift;
}

std::string note_on_drift(const Ablation& ablation) {
  Drift drift = drift_of(ablation);
  if (!drift.matters()) return "";
  std::string text = fmt::format(
      "drift: over the {:.2g} hours of its starts the machine's speed changed by {} within arms (95% CI {} "
      "to "
      "{})",
      drift.hours, percent(drift.change), percent(drift.low), percent(drift.high));
  if (!drift.arm.empty())
    text += fmt::format("; by that alone {} is {} in tokens/s against the baseline, the most of all arms",
                        drift.arm, percent(drift.shift));
  if (ablation.plan->run.order != "interleaved" && std::abs(drift.shift) >= kWorthTelling)
    text += "; order = \"interleaved\" in [run] spreads it over all arms";
  if (ablation.plan->is_timed()) text += "; budgets are times, so scores drift as well";
  return text;
}

Json drift_json(const Ablation& ablation) {
  Drift drift = drift_of(ablation);
  return {{"hours", number_or_null(drift.hours)},
          {"change", number_or_null(drift.change)},
          {"low", number_or_null(drift.low)},
          {"high", number_or_null(drift.high)},
          {"df", number_or_null(drift.df)},
          {"p", number_or_null(drift.p)},
          {"arm", drift.arm},
          {"shift", number_or_null(drift.shift)}};
}

}  // namespace caddie
