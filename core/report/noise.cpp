// SPDX-License-Identifier: Apache-2.0
// A sweep of one arm with several seeds is planned, run and analysed in the noise folder of the experiment.
#include "report/noise.h"

#include <limits>

#include "base/console.h"
#include "base/exit_code.h"
#include "report/ablation.h"
#include "report/run_sweep.h"
#include "sweep/folders.h"
#include "sweep/machine_share.h"

namespace caddie {
namespace {

void check_complete(const RunnerResult& result, size_t runs, const std::filesystem::path& folder) {
  if (result.interrupted) throw Error("interrupted; the same command goes on", kInterrupted);
  if (result.disk_full)
    throw Error(message("{}: the disk is full; free space, then the same command goes on", {folder.string()}),
                kDiskFull);
  check(result.failed + result.lost + result.left == 0,
        "{} of {} runs failed, {} were lost, {} are left; see caddie status {}", result.failed, runs,
        result.lost, result.left, folder.string());
}

}  // namespace

Plan noise_plan(const NoiseRequest& request, const std::filesystem::path& folder) {
  std::vector<int64_t> seeds;
  for (int64_t i = 0; i < request.seeds; ++i) seeds.push_back(request.first + i);
  Plan plan = make_plan(seeds_of(request.experiment, "noise/" + folder.filename().string(), seeds));
  fill_missing_groups(plan);
  if (std::filesystem::exists(plan_path(folder))) {
    Plan before = read_plan(folder);
    plan.jobs = before.jobs;
    plan.threads = before.threads;
  }
  return plan;
}

Noise measure_noise(NoiseRequest request) {
  if (request.seeds < 2) fail_usage("one run says nothing of the noise; take --seeds 2 or more");
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  if (request.first > kLargest - (request.seeds - 1))
    fail_usage("--first {}: {} seeds from there on do not fit; the last of them can be {} at most",
               request.first, request.seeds, kLargest);
  std::filesystem::path folder = noise_folder(request.experiment);
  request.runner.folder = folder;
  request.runner.store = store_for(folder);
  FolderClaim claim = claim_sweep(folder);
  Plan plan = noise_plan(request, folder);
  StatusLine status(request.runner.quiet);
  if (std::string note = choose_share(plan, request.runner); !note.empty()) status.finish(note);
  write_plan(plan, folder);
  check_complete(run_sweep(plan, request.runner, claim), plan.runs.size(), folder);
  Ablation ablation = analyze(plan, folder);
  const Sample& bpb = ablation.arms[0].bpb;
  return {bpb, interval_of_sd(bpb), plan.arms[0].group};
}

}  // namespace caddie
