// SPDX-License-Identifier: Apache-2.0
// What a sweep has shown so far: its runs, its arms against the baseline, and whether its claim holds.
#pragma once

#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/metrics.h"
#include "statistics/compare.h"
#include "sweep/plan.h"
#include "sweep/run_state.h"

namespace caddie {

struct RunRow {
  const PlannedRun* run = nullptr;
  const Arm* arm = nullptr;
  RunState state;
  bool is_done() const { return state.status == RunStatus::done; }
  /// A metric of the run; NaN when it is not known.
  double number(std::string_view metric) const { return state.summary.number(metric); }
  double number(const Metric& metric) const { return number(metric.name); }
  std::string training() const { return state.summary.training(); }
};

struct ArmRow {
  const Arm* arm = nullptr;
  bool is_baseline = false;
  std::vector<int64_t> seeds;  // of finished runs
  int planned = 0, failed = 0;
  Sample bpb, nats, metric;  // metric: the one that is tested
  /// The first arm whose finished runs come from the same trainings, seed by seed; itself when there is none.
  size_t trained_as = 0;
  Comparison shown;   // difference of val_bpb, two-sided, with the interval for the reader
  Comparison tested;  // what p is about: the claim's hypothesis, or `shown`
  double p_adjusted = kUnknown;
  bool significant = false;
  std::optional<Standing> race;
  double delta_nats = kUnknown;
  double bytes = kUnknown, delta_bytes = kUnknown;      // means of artifact_bytes
  double step_ms = kUnknown, delta_step_ms = kUnknown;  // means of step_avg_ms
  double usual_rate = kUnknown;                         // median of tok_s
  double delta_at_time =
      kUnknown;  // val_bpb of the raw weights, both at the shorter of the two training times
  bool is_tested() const { return std::isfinite(tested.p); }
  std::string effect_check;  // the worst of its runs: ok, partial or no_effect; empty before the first
};

struct Ablation {
  const Plan* plan = nullptr;
  std::string baseline;
  std::vector<RunRow> runs;  // by arm, then seed
  std::vector<ArmRow> arms;  // in the plan's order
  PooledVariance pooled;     // of val_bpb
  std::string test;          // "pooled"
  std::string correction;    // "dunnett", "holm", "none"
  Hypothesis hypothesis;
  double alpha = 0.05;
  double confidence = 0.95;        // of the arms' intervals
  std::string metric = kBpb.name;  // that is tested
  std::vector<std::string> notes;  // for people: what to know before believing the table
  /// Whether the claim holds; nothing without a claim, or while runs are missing.
  std::optional<bool> claim_met;

  const ArmRow& baseline_row() const;
  /// Numbers of an arm's finished runs by seed.
  std::map<int64_t, double> by_seed(const Arm* arm, std::string_view metric) const;
  /// Returns these numbers without their seeds.
  std::vector<double> numbers(const Arm* arm, std::string_view metric) const;
  /// Variance within arms. Arms that come from the same trainings have the same noise and count once.
  PooledVariance pool_over_arms(std::string_view metric) const;
};

/// The run's tokens/s as a share of the median of its arm's finished runs; NaN when it is not known.
double relative_rate(const Ablation& ablation, const RunRow& run);

/// Reads all run folders. `baseline`: label of the arm to compare with; empty: the plan's. Throws Error(2)
/// when there is no such arm. The plan must outlive the result.
Ablation analyze(const Plan& plan, const std::filesystem::path& folder, const std::string& baseline = "");

}  // namespace caddie
