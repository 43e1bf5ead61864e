// SPDX-License-Identifier: Apache-2.0
// Runs get their share of the machine here; the scheduler has them carried out.
#include "sweep/runner.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include "base/exit_code.h"
#include "base/owned_folder.h"
#include "process/machine.h"
#include "sweep/concurrency.h"
#include "sweep/live_view.h"
#include "sweep/run_processes.h"
#include "sweep/run_state.h"
#include "sweep/scheduler.h"

namespace caddie {
namespace {

/// Makes the folder of a sweep, or accepts one that is there. Throws Error (kUsage) when files of others
/// would be overwritten: where there is no mark, a plan is the sign that its files are Caddie's.
void own_sweep_folder(const std::filesystem::path& folder) {
  constexpr const char* kWritten[] = {"plan.json",   "runs",         "runs.csv",    "ablation.csv",
                                      "ablation.md", "ablation.tex", "effects.csv", "results.tsv"};
  if (make_owned_folder(folder)) return;
  try {
    read_plan(folder);
  } catch (const Error&) {
    check_nothing_foreign(folder, kWritten);
  }
}

}  // namespace

FolderClaim claim_sweep(const std::filesystem::path& folder) {
  own_sweep_folder(folder);
  FolderClaim claim = FolderClaim::take_or_refuse(folder, "wait for it or stop it");
  remove_leftovers(folder);
  return claim;
}

RunnerResult run_plan(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks,
                      const FolderClaim&) {
  LiveView view(options.quiet);
  Concurrency share = within_cores(options.jobs, options.threads);
  if (share.jobs < options.jobs)
    view.say(fmt::format("{} runs at a time instead of {}: there are {} cores, and a run takes {}",
                         share.jobs, options.jobs, core_count(), share.threads));
  RunLimits limits{share.jobs, options.max_runs, options.budget_seconds, memory_here().available};
  RunProcesses processes(plan, options, share.threads);
  return schedule_runs(plan, options, limits, hooks, processes, view);
}

std::filesystem::path store_for(const std::filesystem::path& folder) {
  std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  for (std::filesystem::path around = whole; around.has_relative_path(); around = around.parent_path())
    if (around.filename() == "results") return around / kStoreFolder;
  return whole / kStoreFolder;
}

}  // namespace caddie
