// SPDX-License-Identifier: Apache-2.0
#include "sweep/runner.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <map>

#include "base/files.h"
#include "base/text.h"
#include "process/machine.h"
#include "sweep/concurrency.h"
#include "sweep/expression.h"
#include "sweep/live_view.h"
#include "sweep/run_processes.h"
#include "sweep/run_state.h"
#include "sweep/scheduler.h"

namespace caddie {

FileLock lock_sweep(const std::filesystem::path& folder) {
  make_folder(folder);
  std::optional<FileLock> lock = FileLock::take(folder / kRunLock);
  if (!lock)
    throw Error(
        message("{}: another caddie sweep is at work there; wait for it or stop it", {folder.string()}), 2);
  return std::move(*lock);
}

RunnerResult run_plan(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks, const FileLock&) {
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
  std::vector<size_t> chosen;
  std::optional<Expression> expression;
  if (!condition.empty()) expression.emplace(condition, "--only");
  size_t parsed = plan.arms.size();
  std::map<std::string, std::string> values;
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    const Arm& arm = plan.arms[run.arm];
    if (expression && parsed != run.arm) {
      parsed = run.arm;
      Tree tree = Tree::parse(arm.experiment, "plan.json");
      for (const std::string& name : tree.children("")) tree.read_text(name);
      values.clear();
      for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
    }
    auto lookup = [&](const std::string& name) -> std::optional<Expression::Value> {
      if (name == "label" || name == "arm") return arm.label;
      if (name == "seed") return double(run.seed);
      auto found = values.find(name);
      if (found == values.end()) found = values.find("techniques." + name + ".enabled");
      if (found != values.end()) return value_of_toml(found->second);
      std::vector<std::string> names = {"label", "seed"};
      for (const auto& [path, text] : values) names.push_back(path);
      throw Error(message("--only: no experiment here has a setting '{}'{}", {name, suggestion(name, names)}),
                  2);
    };
    if (!expression || expression->holds(lookup)) chosen.push_back(i);
  }
  return chosen;
}

}  // namespace caddie
