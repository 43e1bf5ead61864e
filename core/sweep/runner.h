// SPDX-License-Identifier: Apache-2.0
// The runner executes a plan: one child process for each run, several at a time, to be stopped and gone on
// with at any moment.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "results/claim.h"
#include "sweep/plan.h"
#include "sweep/run_queue.h"

namespace caddie {

struct RunnerOptions {
  std::filesystem::path folder;  // the folder of the sweep
  std::filesystem::path store;   // the folder of what its runs share
  int jobs = 1;                  // the number of runs at a time; fewer when cores or memory do not suffice
  int threads = 0;               // the threads of each run; 0 for the cores divided by `jobs`
  std::string device = "cpu";
  bool retry = false;            // whether to run what failed or was lost before, and nothing else
  std::string only;              // a condition on label, seed and resolved settings; empty for all runs
  int64_t max_runs = 0;          // the most runs that are started; 0 sets no limit
  double budget_seconds = 0;     // the time after which no run starts; 0 sets no limit
  bool allow_no_effect = false;  // whether a run with a technique that acts on nothing may succeed
  bool quiet = false;
};

/// These are what the caller does while a plan is run; each may be empty.
struct RunnerHooks {
  /// Is called after each run that has ended, and once at the end.
  std::function<void()> changed;
  /// Is called about once a second while runs are at work.
  std::function<void()> meanwhile;
  /// Is asked before the first run and after each that is done. It returns further runs of the plan's arms
  /// that the results so far call for. They join the plan and are frozen with it; a later call is not asked
  /// for them again.
  std::function<std::vector<PlannedRun>(const Plan&)> more;
};

/// Takes the right to change a sweep and what lies in its folder, and makes the folder. Throws Error(2) when
/// another process has it, or when files of others lie there that a sweep would overwrite.
FolderClaim claim_sweep(const std::filesystem::path& folder);

/// Starts `caddie run` on what is not done, in the plan's order. A run that fails is recorded in its folder
/// and the rest goes on; SIGINT and SIGTERM are handed to the children, which save checkpoints, and nothing
/// new starts (a second signal kills them). `claim` is that of the sweep's folder.
RunnerResult run_plan(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks,
                      const FolderClaim& claim);

/// Returns where the runs of the sweep in `folder` leave what they share: "store" in the folder results/
/// around it, or in the folder itself when there is none.
std::filesystem::path store_for(const std::filesystem::path& folder);

/// Returns the runs that a condition of --only holds for; all of them when it is empty. Its names are
/// `label`, `seed`, labels of techniques and paths of settings. Throws Error(2) for a name that no arm has a
/// value for.
std::vector<size_t> select_runs(const Plan& plan, const std::string& condition);

}  // namespace caddie
