// SPDX-License-Identifier: Apache-2.0
// Times are known or measured by a probe; sizes are those of arms whose models are made but not trained.
#include "sweep/cost_estimate.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "experiment/experiment.h"
#include "export/estimate.h"
#include "process/machine.h"
#include "sweep/run_state.h"
#include "sweep/runner.h"

namespace caddie {
namespace {

struct Bytes {
  int64_t artifact, limit;
};

Bytes bytes_of(const Arm& arm) {
  Registry registry;
  Tree tree = Tree::parse(arm.experiment, arm.label);
  Experiment x = assemble(tree, registry, Device::kCpu);
  return {estimate_size(x.model->weights().infos(), x.export_parts.packers()).grown + x.budget.code_bytes,
          x.budget.artifact_bytes};
}

/// Returns a line on the compressed sizes of the baseline and of the arm with the most parameters, before
/// anything is trained.
std::string bytes_text(const Plan& plan) {
  auto largest = std::max_element(plan.arms.begin(), plan.arms.end(),
                                  [](const Arm& a, const Arm& b) { return a.parameters < b.parameters; });
  Bytes bytes = bytes_of(plan.baseline());
  std::string text = "bytes: baseline about " + with_commas(bytes.artifact);
  if (largest->parameters > plan.baseline().parameters)
    text +=
        fmt::format(", the largest model ({}) {}", largest->label, with_commas(bytes_of(*largest).artifact));
  return text + "; the limit is " + with_commas(bytes.limit) + "\n";
}

std::string time_text(const Plan& plan, const CostEstimate& e) {
  if (!std::isfinite(e.seconds)) return "time: unknown before the first run; --probe measures it\n";
  std::string text =
      fmt::format("time: {} with {} at a time, by {}\n", duration(e.seconds), e.jobs, e.source);
  auto steps = double(plan.baseline().steps);
  for (size_t i = 1; i < e.choices.size(); ++i) {
    double gain = e.choices[0].runs_done_per_second(steps) / e.choices[i].runs_done_per_second(steps);
    text += fmt::format("  {} does {:.0f}% more than {}\n", text_of(e.choices[0]), 100 * (gain - 1),
                        text_of(e.choices[i]));
  }
  return text;
}

}  // namespace

CostEstimate estimate_cost(Plan& plan, const KnownTimes& known, int jobs, bool probe) {
  CostEstimate e;
  std::filesystem::path folder = std::filesystem::path("results") / plan.name;
  e.folder = folder.string();
  e.jobs = std::clamp(jobs, 1, core_count());
  try {
    fill_missing_groups(plan);
  } catch (const Error& error) {
    e.why_unknown = error.what();
    return e;
  }
  std::vector<size_t> left = runs_left(plan, all_runs(plan), folder);
  e.done = int64_t(plan.runs.size() - left.size());
  e.work = shared_work(plan, left, Store(store_for(folder)));
  KnownTimes times = known;
  if (probe) {
    if (jobs == 0)
      e.choices = measure_concurrency(plan, "cpu");
    else
      e.choices = {measure_jobs(plan, jobs, "cpu")};
    const Concurrency& best = e.choices[0];
    e.jobs = best.jobs;
    times = {best.step_seconds, best.evaluation_seconds, "a probe of " + text_of(best)};
  }
  e.source = times.source;
  e.seconds = seconds_for(e.work, times, e.jobs);
  return e;
}

std::vector<size_t> runs_left(const Plan& plan, const std::vector<size_t>& runs,
                              const std::filesystem::path& sweep) {
  std::vector<size_t> left;
  for (size_t run : runs)
    if (state_of(plan, plan.runs[run], sweep).status != RunStatus::done) left.push_back(run);
  return left;
}

double seconds_for(const SharedWork& work, const KnownTimes& times, int jobs) {
  return (double(work.steps) * times.step_seconds + double(work.runs) * times.own_seconds) / jobs;
}

std::string text_of(const Plan& plan, const CostEstimate& e) {
  if (!e.why_unknown.empty()) return "work: unknown: " + e.why_unknown + "\n";
  double share = e.work.separately > 0 ? double(e.work.steps) / double(e.work.separately) : 0;
  return fmt::format(
             "work: {} runs to do, {} done in {}; {} trainings serve them, {:.0f}% of the steps of separate "
             "runs\n",
             e.work.runs, e.done, e.folder, e.work.trainings, 100 * share) +
         time_text(plan, e) + bytes_text(plan);
}

}  // namespace caddie
