// SPDX-License-Identifier: Apache-2.0
#include "cli/outlook.h"

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
  Experiment e = assemble(tree, registry, Device::kCpu);
  return {estimate_size(e.model->weights().infos(), e.export_parts.quantizers).grown + e.budget.code_bytes,
          e.budget.artifact_bytes};
}

/// Compressed size of the baseline and of the arm with the most parameters, before anything is trained.
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

std::string time_text(const Plan& plan, const Outlook& o) {
  if (!std::isfinite(o.seconds)) return "time: unknown before the first run; --probe measures it\n";
  std::string text =
      fmt::format("time: {} with {} at a time, by {}\n", duration(o.seconds), o.jobs, o.source);
  auto steps = double(plan.baseline().steps);
  for (size_t i = 1; i < o.choices.size(); ++i) {
    double gain = o.choices[0].runs_done_per_second(steps) / o.choices[i].runs_done_per_second(steps);
    text += fmt::format("  {} does {:.0f}% more than {}\n", text_of(o.choices[0]), 100 * (gain - 1),
                        text_of(o.choices[i]));
  }
  return text;
}

}  // namespace

Outlook outlook(Plan& plan, const KnownTimes& known, int jobs, bool probe) {
  Outlook o;
  std::filesystem::path folder = std::filesystem::path("results") / plan.name;
  o.folder = folder.string();
  o.jobs = std::clamp(jobs, 1, core_count());
  try {
    check_groups(plan);
  } catch (const Error& error) {
    o.why_unknown = error.what();
    return o;
  }
  std::vector<size_t> left;
  for (size_t run : all_runs(plan))
    if (state_of(plan, plan.runs[run], folder).status != RunStatus::done) left.push_back(run);
  o.done = int64_t(plan.runs.size() - left.size());
  o.work = shared_work(plan, left, Store(store_for(folder)));
  KnownTimes times = known;
  if (probe) {
    if (jobs == 0)
      o.choices = measure_concurrency(plan, "cpu");
    else
      o.choices = {measure_jobs(plan, jobs, "cpu")};
    const Concurrency& best = o.choices[0];
    o.jobs = best.jobs;
    times = {best.step_seconds, best.evaluation_seconds, "a probe of " + text_of(best)};
  }
  o.source = times.source;
  o.seconds = (double(o.work.steps) * times.step_seconds + double(left.size()) * times.own_seconds) / o.jobs;
  return o;
}

std::string text_of(const Plan& plan, const Outlook& o) {
  if (!o.why_unknown.empty()) return "work: unknown: " + o.why_unknown + "\n";
  double share = o.work.separately > 0 ? double(o.work.steps) / double(o.work.separately) : 0;
  return fmt::format(
             "work: {} runs to do, {} done in {}; {} trainings serve them, {:.0f}% of the steps of separate "
             "runs\n",
             o.work.runs, o.done, o.folder, o.work.trainings, 100 * share) +
         time_text(plan, o) + bytes_text(plan);
}

}  // namespace caddie
