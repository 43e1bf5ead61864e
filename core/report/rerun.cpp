// SPDX-License-Identifier: Apache-2.0
// The run's resolved.toml is run in another folder; weights and artifact are compared byte by byte.
#include "report/rerun.h"

#include "base/exit_code.h"
#include "base/files.h"
#include "results/run_folder.h"

namespace caddie {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCompared[] = {kWeightsFile, kArtifactFile};
constexpr const char* kRead[] = {kSettingsFile, kMetricsFile, kWeightsFile, kArtifactFile};

}  // namespace

RerunResult compare_bits(const fs::path& before, const fs::path& again) {
  RerunResult result{{}, compare_runs(before, again)};
  for (const char* name : kCompared)
    if (read_file(before / name) != read_file(again / name)) result.differing.push_back(name);
  if (!result.found.parting.empty()) result.differing.push_back("results");
  return result;
}

void check_can_rerun(const fs::path& run) {
  check_not_imported(run);
  if (read_summary(run).status != "done")
    fail_usage("{}: holds no finished run; name the folder of one", run.string());
  for (const char* name : kRead) check_left_by_run(run, name);
  RunRecord record = read_run_record(run).value_or(RunRecord());
  if (int64_t ranks = record.machine.ranks.value_or(1); ranks > 1)
    fail_usage("{}: {} ranks made it; run its resolved.toml with --ranks {} and compare with caddie diff",
               run.string(), ranks, ranks);
}

RerunResult rerun(const fs::path& before, const fs::path& again, Device device, bool quiet) {
  Registry registry;
  Tree tree = Tree::load(before / kSettingsFile);
  Experiment experiment = assemble(tree, registry, device);
  RunOptions options;
  options.folder = again;
  options.fresh = true;
  options.quiet = quiet;
  run_experiment(tree, experiment, registry, options);
  return compare_bits(before, again);
}

}  // namespace caddie
