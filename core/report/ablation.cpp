// SPDX-License-Identifier: Apache-2.0
// Runs are read and sorted by arm and seed; each arm is summed up before tests, curves and notes follow.
#include "report/ablation.h"

#include <caddie/error.h>
#include <caddie/parallel.h>

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/median.h"
#include "base/text.h"
#include "report/arm_test.h"
#include "report/curves.h"
#include "report/judge.h"
#include "report/notes.h"
#include "results/metrics.h"
#include "statistics/spread.h"

namespace caddie {
namespace {

/// Ranks the verdicts on a technique's effect from 0 (none yet) to 3 (no effect).
int severity(const std::string& verdict) {
  if (verdict == "no_effect") return 3;
  if (verdict == "partial" || verdict == "allowed_no_effect") return 2;
  return verdict.empty() ? 0 : 1;
}

/// Makes an ablation from a plan and the folder of its runs.
class Analysis {
 public:
  Analysis(const Plan& plan, const std::filesystem::path& folder, const std::string& baseline)
      : plan_(plan), folder_(folder) {
    a_.plan = &plan;
    a_.baseline = baseline.empty() ? plan.baseline().label : baseline;
    for (const PlannedRun& run : plan.runs) a_.runs.push_back({&run, &plan.arms[run.arm], {}});
    parallel_for(int(a_.runs.size()),
                 [&](int i) { a_.runs[size_t(i)].state = state_of(plan, plan.runs[size_t(i)], folder); });
    std::stable_sort(a_.runs.begin(), a_.runs.end(), [](const RunRow& x, const RunRow& y) {
      return std::pair(x.run->arm, x.run->seed) < std::pair(y.run->arm, y.run->seed);
    });
  }

  Ablation run() {
    choose_score();
    choose_hypothesis(a_);
    for (const Arm& arm : plan_.arms) a_.arms.push_back(summarize_arm(arm));
    check_baseline();
    find_shared_trainings();
    a_.pooled = a_.pool_over_arms(a_.score);
    judge(a_);
    compare_at_time();
    a_.effects = effects(a_);
    a_.notes = notes_on(a_);
    return std::move(a_);
  }

 private:
  /// Takes the loss as the score of a sweep in which no finished run has bits per byte, but one a loss.
  void choose_score() {
    bool has_bpb = false, has_loss = false;
    for (const RunRow& run : a_.runs) {
      has_bpb |= run.is_done() && std::isfinite(run.number(kBpb));
      has_loss |= run.is_done() && std::isfinite(run.number(kLossNats));
    }
    if (has_loss && !has_bpb) a_.score = a_.metric = kLossNats.name;
  }

  double mean(const Arm& arm, const Metric& metric) const {
    return summarize(a_.numbers(&arm, metric.name)).mean;
  }

  ArmRow summarize_arm(const Arm& arm) const {
    ArmRow row;
    row.arm = &arm;
    row.is_baseline = arm.label == a_.baseline;
    for (const RunRow& run : a_.runs_of(&arm)) {
      ++row.planned;
      row.failed += run.state.status == RunStatus::failed;
      if (run.is_done()) row.seeds.push_back(run.run->seed);
      const std::string& verdict = run.state.summary.effect_check;
      if (severity(verdict) > severity(row.effect_check)) row.effect_check = verdict;
    }
    row.bpb = summarize(a_.numbers(&arm, a_.score));
    row.nats = summarize(a_.numbers(&arm, kLossNats.name));
    row.metric = summarize(a_.numbers(&arm, a_.metric));
    row.bytes = mean(arm, kArtifactBytes);
    row.step_ms = mean(arm, kStepMs);
    row.usual_rate = median(a_.numbers(&arm, kTokensPerSecond.name));
    return row;
  }

  void check_baseline() const {
    std::vector<std::string> labels;
    for (const ArmRow& arm : a_.arms) labels.push_back(arm.arm->label);
    if (std::find(labels.begin(), labels.end(), a_.baseline) == labels.end())
      fail_usage("{}: no arm is called '{}'{}", plan_.name, a_.baseline, suggestion(a_.baseline, labels));
  }

  /// Sets ArmRow::trained_as of every arm.
  void find_shared_trainings() {
    std::vector<Trainings> trainings(a_.arms.size());
    for (const RunRow& run : a_.runs)
      if (run.is_done()) trainings[run.run->arm][run.run->seed] = run.training();
    std::map<std::pair<int64_t, std::string>, std::vector<size_t>> arms_of;  // the arms by seed and training
    for (size_t arm = 0; arm < a_.arms.size(); ++arm) {
      size_t first = arm;
      for (const auto& training : trainings[arm]) {
        if (training.second.empty()) continue;
        std::vector<size_t>& others = arms_of[training];
        for (size_t other : others)
          if (other < first && share_trainings(trainings[other], trainings[arm])) {
            first = other;
            break;
          }
        others.push_back(arm);
      }
      a_.arms[arm].trained_as = first;
    }
  }

  /// Sets ArmRow::delta_at_time of every arm but the baseline.
  void compare_at_time() {
    const Arm* baseline = a_.baseline_row().arm;
    for (ArmRow& arm : a_.arms)
      if (!arm.is_baseline)
        arm.delta_at_time = delta_at_time(curves(arm.arm, arm.compared), curves(baseline, arm.compared));
  }

  /// Returns the curves of an arm's finished runs, of all seeds where `seeds` is empty and else of these.
  std::vector<std::vector<CurvePoint>> curves(const Arm* arm, const std::vector<int64_t>& seeds) {
    auto [found, is_new] = curves_.try_emplace(arm);
    if (is_new)
      for (const RunRow& run : a_.runs_of(arm))
        if (run.is_done()) found->second[run.run->seed] = read_curve(folder_ / run.run->folder, a_.score);
    std::vector<std::vector<CurvePoint>> chosen;
    for (const auto& [seed, curve] : found->second)
      if (seeds.empty() || std::count(seeds.begin(), seeds.end(), seed) > 0) chosen.push_back(curve);
    return chosen;
  }

  const Plan& plan_;
  const std::filesystem::path& folder_;
  std::map<const Arm*, std::map<int64_t, std::vector<CurvePoint>>> curves_;
  Ablation a_;
};

}  // namespace

const ArmRow& Ablation::baseline_row() const {
  return *std::find_if(arms.begin(), arms.end(), [](const ArmRow& arm) { return arm.is_baseline; });
}

std::span<const RunRow> Ablation::runs_of(const Arm* arm) const {
  struct ByArm {
    bool operator()(const RunRow& run, const Arm* other) const { return run.arm < other; }
    bool operator()(const Arm* other, const RunRow& run) const { return other < run.arm; }
  };
  auto [first, last] = std::equal_range(runs.begin(), runs.end(), arm, ByArm());
  return {first, last};
}

std::map<int64_t, double> Ablation::by_seed(const Arm* arm, std::string_view metric) const {
  std::map<int64_t, double> values;
  if (!arm->unpooled.empty()) return values;
  for (const RunRow& run : runs_of(arm)) {
    if (!run.is_done()) continue;
    double value = run.number(metric);
    if (std::isfinite(value)) values[run.run->seed] = value;
  }
  return values;
}

std::vector<double> Ablation::numbers(const Arm* arm, std::string_view metric) const {
  std::vector<double> values;
  for (auto [seed, value] : by_seed(arm, metric)) values.push_back(value);
  return values;
}

PooledVariance Ablation::pool_over_arms(std::string_view metric) const {
  std::vector<Sample> samples(arms.size());  // one sample for each set of trainings, at its first arm
  for (const ArmRow& arm : arms)
    if (Sample sample = summarize(numbers(arm.arm, metric)); sample.n > samples[arm.trained_as].n)
      samples[arm.trained_as] = sample;
  return pool(samples);
}

bool Ablation::spreads_differ_in(std::string_view metric) const {
  std::vector<std::vector<double>> scores;
  for (size_t arm = 0; arm < arms.size(); ++arm)
    if (arms[arm].trained_as == arm) scores.push_back(numbers(arms[arm].arm, metric));
  return caddie::spreads_differ(scores);
}

bool is_count(std::string_view metric) {
  const Metric* found = find_metric(metric);
  return found && found->decimals == 0 && !found->is_cost;
}

double relative_rate(const Ablation& ablation, const RunRow& run) {
  return run.number(kTokensPerSecond) / ablation.arms[run.run->arm].usual_rate;
}

Ablation analyze(const Plan& plan, const std::filesystem::path& folder, const std::string& baseline) {
  return Analysis(plan, folder, baseline).run();
}

}  // namespace caddie
