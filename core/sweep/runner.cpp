// SPDX-License-Identifier: Apache-2.0
// Runs are chosen here and get their share of the machine; the scheduler has them carried out.
#include "sweep/runner.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <map>

#include "base/exit_code.h"
#include "base/owned_folder.h"
#include "config/read_all.h"
#include "process/machine.h"
#include "sweep/concurrency.h"
#include "sweep/condition_scope.h"
#include "sweep/live_view.h"
#include "sweep/run_processes.h"
#include "sweep/run_state.h"
#include "sweep/scheduler.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

using Values = std::map<std::string, std::string>;  // TOML texts by path

Values settings_of(const Arm& arm) {
  Tree tree = Tree::parse(arm.experiment, "plan.json");
  read_all(tree);
  Values settings;
  for (const Tree::Value& value : tree.values()) settings[value.path] = value.text;
  return settings;
}

/// Makes the folder of a sweep, or accepts one that is there. Throws Error (kUsage) when files of others
/// would be overwritten: where there is no mark, a plan is the sign that its files are Caddie's.
void own_sweep_folder(const std::filesystem::path& folder) {
  constexpr const char* kWritten[] = {"plan.json",   "runs",         "runs.csv",   "ablation.csv",
                                      "ablation.md", "ablation.tex", "effects.csv"};
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

std::vector<size_t> select_runs(const Plan& plan, const std::string& condition) {
  if (condition.empty()) return all_runs(plan);
  Expression expression(condition, "--only");
  ConditionScope scope("--only", "caddie explain shows what the base has");
  for (const char* name : {"label", "arm", "seed"}) scope.know(name);
  std::vector<Values> settings;
  for (const Arm& arm : plan.arms) settings.push_back(settings_of(arm));
  std::vector<size_t> chosen;
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    auto find = [&](const std::string& name) -> std::optional<TomlValue> {
      if (name == "label" || name == "arm") return plan.arms[run.arm].label;
      if (name == "seed") return double(run.seed);
      return find_in(settings[run.arm])(name);
    };
    if (scope.holds(expression, find)) chosen.push_back(i);
  }
  for (const Values& arm : settings)
    for (const auto& [path, text] : arm) scope.know(path);
  scope.check_names();
  return chosen;
}

}  // namespace caddie
