// SPDX-License-Identifier: Apache-2.0
// How long the verbs take to answer about a sweep of 1,024 arms and 5,120 finished runs:
// caddie-tests "[.speed]", on an idle machine.
#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/stopwatch.h"
#include "results/run_folder.h"
#include "results/summary.h"
#include "support/laboratory.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "sweep/plan.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

/// Writes a sweep file of ten techniques that are switched on and off in all combinations, with five seeds.
fs::path write_large_sweep(const TemporaryFolder& folder) {
  std::string text = "base = \"" + (source_folder() / "experiments/quickstart.toml").string() +
                     "\"\nseeds = [1, 2, 3, 4, 5]\n[design]\nkind = \"grid\"\n";
  for (const char* technique : {"smear_gate", "bigram_hash", "trigram_hash", "value_residual", "q_gain",
                                "resid_mix", "layer_scale", "unet_skips", "logit_softcap", "qk_norm"})
    text += std::string("[[axis]]\ntoggle = \"") + technique + "\"\n";
  return folder.write("large.toml", text);
}

/// Writes what a finished run leaves, with a score that differs between runs.
void finish(const Plan& plan, const PlannedRun& run, const fs::path& folder) {
  fs::create_directories(folder);
  RunRecord record;
  record.key = std::string(64, 'a');
  record.group = plan.arms[run.arm].group;
  record.seed = run.seed;
  write_run_record(folder, record);
  RunSummary summary;
  summary.status = "done";
  summary.bpb = 2 + 0.001 * double((run.arm * 7919 + size_t(run.seed) * 104729) % 101);
  summary.loss_nats = *summary.bpb * 1.9;
  summary.steps = 300;
  summary.artifact_bytes = 190000;
  summary.train_seconds = 30;
  summary.step_ms = 100;
  summary.tokens_per_second = 40000;
  summary.stages.train = "train-" + std::to_string(run.arm) + "-" + std::to_string(run.seed);
  write_summary(folder, summary);
}

}  // namespace

TEST_CASE("a sweep of a thousand arms is planned, looked at and tabulated in a moment", "[.speed]") {
  TemporaryFolder folder;
  std::string file = write_large_sweep(folder).string(), output = (folder.path() / "sweep").string();
  REQUIRE(shell("plan " + file + " --output " + output).code == 0);
  Plan plan = read_plan(output);
  REQUIRE(plan.arms.size() == 1024);
  for (const PlannedRun& run : plan.runs) finish(plan, run, fs::path(output) / run.folder);
  for (const std::string& verb :
       {"plan " + file, "status " + output, "table " + output, "report " + output}) {
    Stopwatch clock;
    CHECK(shell(verb).code == 0);
    double seconds = clock.seconds();
    WARN("caddie " << verb.substr(0, verb.find(' ')) << ": " << seconds << " s");
    CHECK(seconds < 1.5);
  }
}
