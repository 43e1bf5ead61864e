// SPDX-License-Identifier: Apache-2.0
// A sweep that is named by its folder keeps its frozen plan; one that is named by its file is planned again
// and compared with it.
#include "sweep/begin.h"

#include <algorithm>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "sweep/folders.h"
#include "sweep/run_state.h"
#include "sweep/runner.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Adds to the plan's history what was changed, and how many runs were done then: whoever made the change may
/// have seen their results.
void remember(Plan& plan, const std::vector<std::string>& changes, int64_t done) {
  plan.history.push_back(
      {{"at", utc_now()}, {"caddie_version", CADDIE_VERSION}, {"changes", changes}, {"done", done}});
}

int64_t count_done(const Plan& plan, const fs::path& folder) {
  return std::count_if(plan.runs.begin(), plan.runs.end(), [&](const PlannedRun& run) {
    return state_of(plan, run, folder).status == RunStatus::done;
  });
}

std::set<int64_t> seeds_of(const Plan& plan) {
  std::set<int64_t> seeds(plan.seeds.begin(), plan.seeds.end());
  for (const PlannedRun& run : plan.runs) seeds.insert(run.seed);
  return seeds;
}

/// Notes in the last entry of the history how many seeds came and went.
void remember_seeds(Plan& plan, const Plan& before) {
  std::set<int64_t> old_seeds = seeds_of(before), seeds = seeds_of(plan);
  auto lacking = [](const std::set<int64_t>& in, const std::set<int64_t>& of) {
    return std::count_if(of.begin(), of.end(), [&](int64_t seed) { return !in.contains(seed); });
  };
  plan.history.back()["seeds_added"] = lacking(old_seeds, seeds);
  plan.history.back()["seeds_dropped"] = lacking(seeds, old_seeds);
}

/// Makes a plan ready to be frozen. With `replan` it replaces the one in the folder, whose history it
/// continues.
void freeze(Plan& plan, const fs::path& folder, bool replan) {
  fill_missing_groups(plan);
  if (!replan) return remember(plan, {}, 0);
  Plan before = read_plan(folder);
  plan.history = before.history;
  plan.jobs = before.jobs;
  plan.threads = before.threads;
  ChangedTexts changed = changed_texts(before, plan);
  std::vector<std::string> changes = std::move(changed.base);
  changes.insert(changes.end(), changed.sweep.begin(), changed.sweep.end());
  remember(plan, changes, count_done(before, folder));
  remember_seeds(plan, before);
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : entries_of(folder))
    if (entry.is_directory()) found.push_back(entry.path());
  return found;
}

/// Deletes the sweep's runs and trainings. Throws Error (kUsage), before anything is deleted, when Caddie did
/// not make one of the folders, or while a child of a sweep that was killed is still saving its run.
void start_over(const Plan& plan, const fs::path& folder) {
  std::vector<fs::path> runs = folders_in(folder / "runs");
  for (const fs::path& run : runs) {
    check_owned(run);
    check_unclaimed(run, "start over when it has ended");
  }
  forget_trainings(plan, Store(store_for(folder)));
  for (const fs::path& run : runs) remove_owned(run);
}

/// Returns a frozen plan with its groups filled anew. Throws Error (kUsage) when these have changed.
Plan still_comparable(const Plan& frozen) {
  Plan now = frozen;
  fill_groups(now);
  check_groups(frozen, now);
  return now;
}

LockedSweep begun_sweep(const SweepRequest& request) {
  if (request.replan) fail_usage("--replan reads the sweep file again; name that file");
  if (!request.output.empty())
    fail_usage("--output is where a sweep file's results go; a sweep that was begun stays in its folder");
  if (!request.overrides.empty())
    fail_usage("-S changes the base of a sweep that is planned; name the sweep's file");
  fs::path folder = sweep_folder(request.file);
  FolderClaim claim = claim_sweep(folder);
  Plan frozen = read_plan(folder);
  check_can_run(frozen);
  Plan plan = still_comparable(frozen);
  if (request.fresh) {
    start_over(plan, folder);
    plan.jobs = plan.threads = 0;
  }
  return {folder, std::move(claim), std::move(plan)};
}

LockedSweep sweep_of_file(const SweepRequest& request) {
  SweepFile file = read_sweep(request.file, request.overrides);
  fs::path folder = request.output.empty() ? fs::path("results") / file.name : request.output;
  Plan plan = make_plan(file);
  FolderClaim claim = claim_sweep(folder);
  bool frozen = fs::exists(plan_path(folder));
  if (!frozen || request.fresh || request.replan) {
    freeze(plan, folder, frozen && !request.fresh);
    if (request.fresh) start_over(plan, folder);
    write_plan(plan, folder);
  } else {
    Plan before = read_plan(folder);
    check_can_run(before);
    check_unchanged(before, plan);
    plan = still_comparable(before);
  }
  return {folder, std::move(claim), std::move(plan)};
}

}  // namespace

LockedSweep begin_or_resume_sweep(const SweepRequest& request) {
  return is_sweep_file(request.file) ? sweep_of_file(request) : begun_sweep(request);
}

}  // namespace caddie
