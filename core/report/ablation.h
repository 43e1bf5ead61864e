// SPDX-License-Identifier: Apache-2.0
// An ablation is what a sweep has shown so far: its runs, its arms against the baseline, and whether its
// claim holds.
#pragma once

#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/effects.h"
#include "results/metrics.h"
#include "statistics/compare.h"
#include "sweep/plan.h"
#include "sweep/run_state.h"

namespace caddie {

/// Stands in place of a test's name where a count is the same in every run of an arm, so that its difference
/// needs no test.
inline constexpr const char* kFact = "fact";

/// Holds one run of the sweep and what its folder tells.
struct RunRow {
  const PlannedRun* run = nullptr;
  const Arm* arm = nullptr;
  RunState state;
  bool is_done() const { return state.status == RunStatus::done; }
  /// Returns a metric of the run; NaN when it is not known.
  double number(std::string_view metric) const { return state.summary.number(metric); }
  double number(const Metric& metric) const { return number(metric.name); }
  std::string training() const { return state.summary.training(); }
};

/// Holds one arm of the sweep, and how it compares with the baseline.
struct ArmRow {
  const Arm* arm = nullptr;
  bool is_baseline = false;
  std::vector<int64_t> seeds;  // the seeds of the finished runs
  int planned = 0, failed = 0;
  Sample bpb, nats, metric;  // `metric` is the one that is tested
  /// These are the only seeds that the differences of the row rest on: those that the arm and the baseline
  /// have both finished, where runs are paired, or those of a race's last look. It is empty where all seeds
  /// count.
  std::vector<int64_t> compared;
  /// This is the first arm whose finished runs come from the same trainings, seed by seed; the arm itself
  /// when there is none.
  size_t trained_as = 0;
  Comparison shown;   // the two-sided difference of val_bpb, with the interval for the reader
  Comparison tested;  // what p is about: the claim's hypothesis, or `shown`
  double p_adjusted = kUnknown;
  /// This is Welch's test of the same hypothesis and its p, adjusted alike. It stands beside a pooled test
  /// where the arms' SDs differ.
  std::optional<Comparison> welch;
  bool significant = false;
  std::optional<Standing> race;
  double delta_nats = kUnknown;
  double bytes = kUnknown, delta_bytes = kUnknown;      // artifact_bytes: mean, and its difference
  double step_ms = kUnknown, delta_step_ms = kUnknown;  // step_avg_ms: mean, and its difference
  double usual_rate = kUnknown;                         // the median of tok_s
  /// This is the difference of val_bpb of the raw weights, both at the shorter of the two training times.
  double delta_at_time = kUnknown;
  /// Tells that the tested metric is a count that is the same in every run of either arm, so that the
  /// difference alone decides `significant`, without a test.
  bool is_fact() const { return tested.test == kFact; }
  bool is_tested() const { return std::isfinite(tested.p) || is_fact(); }
  /// This is the worst verdict that its runs have on a technique: ok, partial, allowed_no_effect or
  /// no_effect. It is empty before the first run is done.
  std::string effect_check;
};

/// Holds the whole analysis of one sweep.
struct Ablation {
  const Plan* plan = nullptr;
  std::string baseline;
  std::vector<RunRow> runs;  // the runs by arm, then seed
  std::vector<ArmRow> arms;  // the arms in the plan's order
  PooledVariance pooled;     // the variance of val_bpb within arms
  std::string test;          // "pooled", "welch", "one_sample", "paired_seed" or "paired_checkpoint"
  std::string correction;    // "dunnett", "dunnett_step_down", "holm" or "none"
  Hypothesis hypothesis;
  bool spreads_differ = false;  // whether the arms' SDs of the tested metric differ beyond chance
  double alpha = 0.05;
  double confidence = 0.95;  // the confidence of the arms' intervals
  /// This score is what ArmRow::bpb and the differences are of: val_loss_nats where no run has bits per byte.
  std::string score = kBpb.name;
  std::string metric = kBpb.name;  // the metric that is tested
  std::vector<Effect> effects;     // the effects of the factors; see effects()
  std::vector<std::string> notes;  // what people should know before believing the table
  /// Tells whether the claim holds; nothing without a claim, or while runs are missing.
  std::optional<bool> claim_met;

  const ArmRow& baseline_row() const;
  /// Returns the runs of an arm of the plan, by seed.
  std::span<const RunRow> runs_of(const Arm* arm) const;
  /// Returns a metric of an arm's finished runs by seed; nothing of an arm whose runs are not to be pooled.
  std::map<int64_t, double> by_seed(const Arm* arm, std::string_view metric) const;
  /// Returns the numbers of by_seed() without their seeds.
  std::vector<double> numbers(const Arm* arm, std::string_view metric) const;
  /// Returns the variance within arms. Arms that come from the same trainings have the same noise and count
  /// once, by the one with the most seeds.
  PooledVariance pool_over_arms(std::string_view metric) const;
  /// Tells whether the arms' SDs differ beyond chance. Arms that come from the same trainings count once.
  bool spreads_differ_in(std::string_view metric) const;
};

/// Tells whether the metric counts something, so that a difference without any spread is a fact.
bool is_count(std::string_view metric);

/// Returns the run's tokens/s as a share of the median of its arm's finished runs; NaN when it is not known.
double relative_rate(const Ablation& ablation, const RunRow& run);

/// Reads all run folders. `baseline` is the label of the arm to compare with; where it is empty, the plan's
/// baseline is taken. Throws Error (kUsage) when there is no such arm. The plan must outlive the result.
Ablation analyze(const Plan& plan, const std::filesystem::path& folder, const std::string& baseline = "");

}  // namespace caddie
