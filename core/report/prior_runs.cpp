// SPDX-License-Identifier: Apache-2.0
// Noise is looked for in the sweep's own results, then in the noise folder of its base experiment; noise of
// pairs is looked for in all results where these do not tell it.
#include "report/prior_runs.h"

#include <caddie/error.h>

#include <cmath>
#include <map>
#include <set>

#include "base/files.h"
#include "report/resolution.h"
#include "results/metrics.h"
#include "sweep/folders.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Returns the paired variance of a sweep's folder; it is unknown when that is about another base, or not of
/// this version.
PooledVariance paired_variance_in(const fs::path& folder, const std::string& base_file,
                                  const std::string& metric) {
  try {
    Plan plan = read_plan(folder);
    return same_file(plan.base_file, base_file) ? paired_variance(analyze(plan, folder), metric)
                                                : PooledVariance{};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

PooledVariance paired_variance(const Ablation& ablation, const std::string& metric) {
  const ArmRow& baseline = ablation.baseline_row();
  std::map<int64_t, double> base = ablation.by_seed(baseline.arm, metric);
  std::vector<Sample> samples;
  for (const ArmRow& arm : ablation.arms) {
    if (arm.is_baseline || arm.trained_as != baseline.trained_as) continue;
    std::vector<double> differences;
    for (auto [seed, value] : ablation.by_seed(arm.arm, metric))
      if (base.contains(seed)) differences.push_back(value - base[seed]);
    samples.push_back(summarize(differences));
  }
  return pool(samples);
}

PriorRuns prior_runs_of(const Ablation& ablation, const fs::path& folder, const std::string& metric) {
  std::vector<double> steps, own;  // the seconds of a step, and of all that follows training
  for (const RunRow& run : ablation.runs) {
    if (!run.is_done()) continue;
    double step = run.number(kStepMs) / 1000,
           rest = run.number(kExportSeconds) + run.number(kEvaluationSeconds);
    if (std::isfinite(step)) steps.push_back(step);
    if (std::isfinite(rest)) own.push_back(rest);
  }
  PriorRuns prior;
  PooledVariance pooled = metric == ablation.score ? ablation.pooled : ablation.pool_over_arms(metric);
  prior.sd = std::sqrt(pooled.variance);
  prior.df = pooled.df;
  prior.paired_sd = std::sqrt(paired_variance(ablation, metric).variance);
  prior.source = prior.paired_source = folder.string();
  prior.times = {summarize(steps).mean, summarize(own).mean, folder.string()};
  return prior;
}

PriorRuns prior_runs(const Plan& plan) {
  PriorRuns prior;
  for (const fs::path& folder : {fs::path("results") / plan.name, noise_folder(plan.base_file)}) {
    if (prior.sd > 0 || !fs::exists(plan_path(folder))) continue;
    Plan frozen = read_plan(folder);
    prior = prior_runs_of(analyze(frozen, folder), folder, tested_metric(plan));
  }
  return prior;
}

void learn_pairs(PriorRuns& prior, const Plan& plan) {
  if (prior.paired_sd > 0 || paired_arms(plan).empty()) return;
  std::set<fs::path> folders;
  for (const auto& entry : entries_of("results"))
    if (fs::exists(plan_path(entry.path()))) folders.insert(entry.path());
  double most = 0;
  for (const fs::path& folder : folders) {
    PooledVariance found = paired_variance_in(folder, plan.base_file, tested_metric(plan));
    if (!(found.df > most)) continue;
    most = found.df;
    prior.paired_sd = std::sqrt(found.variance);
    prior.paired_source = folder.string();
  }
}

}  // namespace caddie
