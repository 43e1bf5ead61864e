// SPDX-License-Identifier: Apache-2.0
// The runner executes a plan: one child process for each run, several at a time. It can be stopped and
// resumed at any moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "results/claim.h"
#include "sweep/plan.h"
#include "sweep/run_queue.h"

namespace caddie {

/// Says which runs of a plan are run, and how.
struct RunnerOptions {
  std::filesystem::path folder;  // the folder of the sweep
  std::filesystem::path store;   // the folder of what its runs share
  int jobs = 1;                  // the number of runs at a time; fewer when cores or memory do not suffice
  int threads = 0;               // the threads of each run; 0 for the cores divided by `jobs`
  std::string device = "cpu";
  bool retry = false;            // whether to run what failed or was lost before, and nothing else
  std::string only;              // a condition on label, seed and resolved settings; empty for all runs
  int64_t max_runs = INT64_MAX;  // the most runs that are started
  double budget_seconds = 0;     // the time after which no run starts; 0 sets no limit
  bool allow_no_effect = false;  // whether a run with a technique that acts on nothing may succeed
  bool quiet = false;
};

/// Holds functions of the caller that are called while a plan is run; each may be empty.
struct RunnerHooks {
  /// The runner calls this after each run that has ended, and once at the end.
  std::function<void()> changed;
  /// The runner calls this about once a second while runs are at work.
  std::function<void()> meanwhile;
  /// The runner calls this before the first run and after each that has come to an end. It returns further
  /// runs of the plan's arms that the results so far call for. They join the plan and are frozen with it, so
  /// that a later call does not ask for them again.
  std::function<std::vector<PlannedRun>(const Plan&)> more;
};

/// Takes the right to change a sweep and what lies in its folder, and makes the folder. Throws Error (kUsage)
/// when another process has it, or when files of others lie there that a sweep would overwrite.
FolderClaim claim_sweep(const std::filesystem::path& folder);

/// Starts `caddie run` on what is not done, in the plan's order. A run that fails is recorded in its folder
/// and the rest goes on; SIGINT and SIGTERM are handed to the children, which save checkpoints, and nothing
/// new starts (a second signal kills them, and so does the time when they do not end). `claim` is that of the
/// sweep's folder.
RunnerResult run_plan(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks,
                      const FolderClaim& claim);

/// Returns where the runs of the sweep in `folder` leave what they share: "store" in the folder results/
/// around it, or in the folder itself when there is none.
std::filesystem::path store_for(const std::filesystem::path& folder);

}  // namespace caddie
