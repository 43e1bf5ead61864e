// SPDX-License-Identifier: Apache-2.0
// Runs under a wall-clock budget freeze their share in the plan; for others it is measured where that pays.
#include "sweep/machine_share.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/exit_code.h"
#include "process/machine.h"
#include "sweep/cost_estimate.h"
#include "sweep/select_runs.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

std::string freeze_share(Plan& plan, RunnerOptions& options) {
  Concurrency share = timed_share(plan, {options.jobs, options.threads});
  options.jobs = share.jobs;
  options.threads = share.threads;
  if (plan.jobs > 0) return "";
  plan.jobs = share.jobs;
  plan.threads = share.threads;
  write_plan(plan, options.folder);
  return "the budget is wall-clock time, so every run of this sweep gets " + text_of(share);
}

std::string measure_share(const Plan& plan, RunnerOptions& options) {
  std::vector<Concurrency> choices = measure_concurrency(plan, options.device);
  options.jobs = choices[0].jobs;
  options.threads = choices[0].threads;
  if (choices.size() < 2) return "";
  auto steps = double(plan.baseline().steps);
  double gain = choices[0].runs_done_per_second(steps) / choices[1].runs_done_per_second(steps) - 1;
  return fmt::format("{} does {:.0f}% more than {}", text_of(choices[0]), 100 * gain, text_of(choices[1]));
}

}  // namespace

Concurrency timed_share(const Plan& plan, const Concurrency& asked) {
  bool is_asked = asked.jobs > 0 || asked.threads > 0;
  Concurrency share =
      is_asked ? within_cores(asked.jobs, asked.threads) : within_cores(plan.jobs, plan.threads);
  if (plan.jobs > 0 && (share.jobs != plan.jobs || share.threads != plan.threads))
    fail_usage(
        "{}: its budget is wall-clock time and its plan has -j {} --threads {}, which holds for all of its "
        "runs, not -j {} --threads {}, which is what these options and {} cores give; take the same, or "
        "start over "
        "with --fresh",
        plan.name, plan.jobs, plan.threads, share.jobs, share.threads, core_count());
  return share;
}

bool is_worth_measuring(int64_t trainings, int threads, int cores) {
  constexpr int64_t kFewest = 4;  // Fewer trainings than these do not repay a measurement.
  return threads == 0 && cores > 1 && trainings >= kFewest;
}

std::string choose_share(Plan& plan, RunnerOptions& options) {
  if (plan.is_timed()) return freeze_share(plan, options);
  if (options.jobs > 0) return "";
  options.jobs = options.threads > 0 ? std::max(1, core_count() / options.threads) : 1;
  std::vector<size_t> left = runs_left(plan, select_runs(plan, options.only), options.folder);
  int64_t trainings =
      std::min<int64_t>(shared_work(plan, left, Store(options.store)).trainings, options.max_runs);
  if (!is_worth_measuring(trainings, options.threads, core_count())) return "";
  return measure_share(plan, options);
}

}  // namespace caddie
