// SPDX-License-Identifier: Apache-2.0
// Executes a plan: one child process a run, several at a time, to be stopped and gone on with at any moment.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "sweep/plan.h"
#include "sweep/run_queue.h"

namespace caddie {

struct RunnerOptions {
  std::filesystem::path folder;  // of the sweep
  std::filesystem::path store;   // of what its runs share
  int jobs = 1;                  // runs at a time; fewer when cores or memory do not suffice
  int threads = 0;               // of each run; 0: the cores divided by `jobs`
  std::string device = "cpu";
  bool retry = false;            // what failed or was lost before, and nothing else
  std::string only;              // a condition on label, seed and resolved settings; empty: all
  int64_t max_runs = 0;          // stop after starting so many; 0: no limit
  double budget_seconds = 0;     // start no run later than this; 0: no limit
  bool allow_no_effect = false;  // a technique that acts on nothing does not make its run fail
  bool quiet = false;
};

/// What the caller does while a plan is run; each may be empty.
struct RunnerHooks {
  /// Called after each run that has ended, and once at the end.
  std::function<void()> changed;
  /// Called about once a second while runs are at work.
  std::function<void()> meanwhile;
  /// Asked before the first run and after each that is done: further runs of the plan's arms that the results
  /// so far call for. They join the plan and are frozen with it; a later call is not asked for them again.
  std::function<std::vector<PlannedRun>(const Plan&)> more;
};

/// The right to change a sweep and what lies in its folder, which is made. Throws Error(2) when another
/// process has it.
FileLock lock_sweep(const std::filesystem::path& folder);

/// Starts `caddie run` on what is not done, in the plan's order. A run that fails is recorded in its folder
/// and the rest goes on; SIGINT and SIGTERM are handed to the children, which save checkpoints, and nothing
/// new starts (a second signal kills them). `lock`: of the sweep's folder.
RunnerResult run_plan(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks,
                      const FileLock& lock);

inline constexpr std::string_view kStoreFolder = "store";
/// Where the runs of the sweep in `folder` leave what they share: "store" in the folder results/ around it,
/// or in the folder itself when there is none.
std::filesystem::path store_for(const std::filesystem::path& folder);

/// The runs that a condition of --only holds for; all of them when it is empty. Its names are `label`,
/// `seed`, labels of techniques and paths of settings. Throws Error(2) for a name that no arm has a value
/// for.
std::vector<size_t> select_runs(const Plan& plan, const std::string& condition);

}  // namespace caddie
