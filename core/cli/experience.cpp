// SPDX-License-Identifier: Apache-2.0
#include "cli/experience.h"

#include <caddie/error.h>

#include <cmath>
#include <map>
#include <set>

#include "cli/sweep.h"
#include "report/ablation.h"
#include "results/metrics.h"

namespace caddie {
namespace {

/// Variance of the differences from the baseline that arms of its trainings show, pooled over them.
PooledVariance paired_variance(const Ablation& ablation) {
  const ArmRow& baseline = ablation.baseline_row();
  std::map<int64_t, double> base = ablation.by_seed(baseline.arm, kBpb.name);
  std::vector<Sample> samples;
  for (const ArmRow& arm : ablation.arms) {
    if (arm.is_baseline || arm.trained_as != baseline.trained_as) continue;
    std::vector<double> differences;
    for (auto [seed, value] : ablation.by_seed(arm.arm, kBpb.name))
      if (base.contains(seed)) differences.push_back(value - base[seed]);
    samples.push_back(summarize(differences));
  }
  return pool(samples);
}

/// The same of a sweep's folder; unknown when it is about another base, or not of this version.
PooledVariance paired_variance_in(const std::filesystem::path& folder, const std::string& base_file) {
  try {
    Plan plan = read_plan(folder);
    return same_file(plan.base_file, base_file) ? paired_variance(analyze(plan, folder)) : PooledVariance{};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

Experience experience(const Plan& plan) {
  Experience e;
  for (const std::filesystem::path& folder :
       {std::filesystem::path("results") / plan.name, noise_folder(plan.base_file)}) {
    if (e.sd > 0 || !std::filesystem::exists(plan_path(folder))) continue;
    Plan frozen = read_plan(folder);
    Ablation before = analyze(frozen, folder);
    std::vector<double> steps, own;
    for (const RunRow& run : before.runs) {
      if (!run.is_done()) continue;
      steps.push_back(run.number(kStepMs) / 1000);
      own.push_back(run.number(kExportSeconds) + run.number(kEvaluationSeconds));
    }
    e = {std::sqrt(before.pooled.variance),
         before.pooled.df,
         {summarize(steps).mean, summarize(own).mean, folder.string()},
         folder.string(),
         std::sqrt(paired_variance(before).variance),
         folder.string()};
  }
  return e;
}

void learn_pairs(Experience& e, const Plan& plan) {
  std::error_code ignored;
  std::set<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator("results", ignored))
    if (std::filesystem::exists(plan_path(entry.path()))) folders.insert(entry.path());
  double most = 0;
  for (const std::filesystem::path& folder : folders) {
    PooledVariance found = paired_variance_in(folder, plan.base_file);
    if (!(found.df > most)) continue;
    most = found.df;
    e.paired_sd = std::sqrt(found.variance);
    e.paired_source = folder.string();
  }
}

}  // namespace caddie
