// SPDX-License-Identifier: Apache-2.0
// Runs that agree up to a stage share its output, and get the bits that they would have got alone.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <map>

#include "base/files.h"
#include "base/json.h"
#include "support/laboratory.h"
#include "sweep/plan.h"
#include "sweep/run_state.h"
#include "sweep/runner.h"
#include "sweep/sharing.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

/// How many stages of each kind are in a store.
std::map<std::string, int> stages_in(const fs::path& store) {
  std::map<std::string, int> counts;
  for (const auto& entry : fs::directory_iterator(store)) {
    std::string name = entry.path().filename();
    counts[name.substr(0, name.find('-'))] += fs::exists(entry.path() / "stage.json");
  }
  return counts;
}

/// Lines of all logs of a sweep that hold `text`.
int said(const fs::path& sweep, const std::string& text) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(sweep / "runs")) {
    std::string log = read_file(entry.path() / "log.txt");
    for (size_t at = 0; (at = log.find(text, at)) != std::string::npos; ++at) ++count;
  }
  return count;
}

fs::path sweep(const std::string& name, const std::string& axes, const std::string& options = "") {
  fs::path file = laboratory().folder(name + ".toml"), folder = laboratory().folder(name);
  write_file(file, "base = \"tiny.toml\"\n" + axes);
  Outcome outcome = shell(fmt::format("sweep {} --output {} {}", file.string(), folder.string(), options));
  INFO(outcome.output);
  REQUIRE(outcome.code == 0);
  return folder;
}

/// Makes every run of a sweep once more, alone, and compares.
void check_against_separate_runs(const fs::path& folder) {
  Plan plan = read_plan(folder);
  fs::path alone = folder / "alone";
  for (const PlannedRun& run : plan.runs) {
    INFO(run.folder);
    fs::path shared = folder / run.folder;
    Outcome outcome = shell(fmt::format("run {} --seed {} --output {} --fresh",
                                        (shared / "experiment.toml").string(), run.seed, alone.string()));
    INFO(outcome.output);
    REQUIRE(outcome.code == 0);
    CHECK(bits_of(shared) == bits_of(alone));
  }
}

}  // namespace

TEST_CASE("quantizers, compressors and evaluators cost one training", "[sharing]") {
  fs::path folder = sweep("post", R"(
seeds = [1]
[[axis]]
slot = "export.quantizers.int8"
use = ["int8", "percentile"]
[[axis]]
slot = "export.compressor"
use = ["zstd", "zlib"]
[[axis]]
slot = "evaluators.standard"
use = ["standard", { use = "sliding_window", stride = 16 }]
)",
                          "-j 2");
  std::map<std::string, int> stages = stages_in(folder / "store");
  CHECK(stages["train"] == 1);
  CHECK(stages["quantize"] == 2);
  CHECK(stages["compress"] == 4);
  CHECK(said(folder, "trained 24 steps") == 1);
  check_against_separate_runs(folder);
}

TEST_CASE("a plan says which comparisons are paired by checkpoint", "[sharing]") {
  fs::path file = laboratory().folder("pairs.toml");
  write_file(file, R"(
base = "tiny.toml"
seeds = [1, 2, 3]
[design]
kind = "add_one_in"
baseline = { "train.clip_norm" = 1.0 }
[[axis]]
key = "export.compressor.level"
values = [19, 3]
[[axis]]
key = "train.clip_norm"
values = [1.0, 2.0]
)");
  Outcome plan = shell(fmt::format("plan {} --sd 0.002", file.string()));
  INFO(plan.output);
  REQUIRE(plan.code == 0);
  CHECK_THAT(plan.output, Catch::Contains("paired by checkpoint: 'level=3'; 1 trained apart") &&
                              Catch::Contains("unknown until some are measured"));
  Outcome known = shell(fmt::format("plan {} --paired-sd 0.0001 --json", file.string()));
  Json json = Json::parse(known.output);
  CHECK(json.at("arms").at(1).at("paired") == true);
  CHECK(json.at("arms").at(2).at("paired") == false);
  CHECK(json.at("detectable_paired").get<double>() < 0.001);
}

TEST_CASE("several averagers share one training", "[sharing]") {
  fs::path folder = sweep("averagers", R"(
seeds = [1, 2]
[[axis]]
slot = "train.averager"
use = ["ema", { use = "ema", decay = 0.9 }, { use = "swa", every = 2, start_frac = 0.5 }]
)",
                          "-j 2");
  std::map<std::string, int> stages = stages_in(folder / "store");
  CHECK(stages["train"] == 2);
  CHECK(stages["average"] == 6);
  CHECK(said(folder, "trained 24 steps") == 2);
  check_against_separate_runs(folder);
}

TEST_CASE("trainings that begin alike share their first steps", "[sharing]") {
  fs::path folder = sweep("prefixes", R"(
seeds = [1]
[design.baseline]
"train.schedule.warmdown_steps" = 8
[[axis]]
key = "techniques.qat"
values = [ { weights = ["role:matrix"], enabled = false }, { weights = ["role:matrix"], after_step = 20 }, { weights = ["role:matrix"], after_step = 12 } ]
labels = ["none", "late", "early"]
[[axis]]
key = "train.schedule.warmdown_steps"
values = [8, 10]
)",
                          "-j 2");
  CHECK(said(folder, "of a training that began alike") == 5);
  CHECK(stages_in(folder / "store")["train"] == 6);
  check_against_separate_runs(folder);
  Plan plan = read_plan(folder);
  SharedWork work = shared_work(plan, all_runs(plan), Store(folder / "nowhere"));
  CHECK(work.trainings == 6);
  CHECK(work.separately == 6 * 24);
  // 12 steps of all; rounding from there on: 3 to where the schedules part, and 9 each; from 12 on without:
  // 3, twice 5 to where late rounding parts, and four times 4.
  CHECK(work.steps == 12 + (3 + 2 * 9) + (3 + 2 * 5 + 4 * 4));
  CHECK(shared_work(plan, all_runs(plan), Store(folder / "store")).steps == 0);
}

TEST_CASE("what no run needs is cleaned out of the store", "[sharing]") {
  fs::path folder = sweep("cleaned", R"(
seeds = [1]
[design.baseline]
"train.clip_norm" = 0.5
[[axis]]
key = "train.clip_norm"
values = [0.5, 0.6]
[[axis]]
slot = "export.compressor"
use = ["zstd", "zlib"]
)");
  std::map<std::string, int> before = stages_in(folder / "store");
  REQUIRE(before["train"] == 2);
  REQUIRE(before["compress"] == 4);
  auto clean = [&](const std::string& more) {
    Outcome outcome = shell("gc --json " + folder.string() + more);
    INFO(outcome.output);
    REQUIRE(outcome.code == 0);
    return Json::parse(outcome.output);
  };
  CHECK(clean("").at("stages").empty());
  CHECK(stages_in(folder / "store") == before);

  // The plan still wants the runs of the arm whose folder is gone; without the plan nothing does.
  auto runs = read_plan(folder).runs;
  for (const PlannedRun& run : runs)
    if (run.folder.find("clip_norm=0.6") != std::string::npos) fs::remove_all(folder / run.folder);
  CHECK(clean(" --dry-run").at("stages").size() > 0);
  CHECK(stages_in(folder / "store") == before);
  clean("");
  std::map<std::string, int> planned = stages_in(folder / "store");
  CHECK(planned["train"] == 2);
  CHECK(planned["compress"] == 2);
  fs::remove(folder / "plan.json");
  CHECK(int64_t(clean("").at("bytes")) > 0);
  CHECK(stages_in(folder / "store")["train"] == 1);
  fs::path kept = folder / runs[0].folder;
  std::optional<FolderClaim> held = FolderClaim::take(kept);
  Outcome busy = shell("gc " + folder.string());
  CHECK(busy.code == 2);
  CHECK(busy.output.find("has been at work on it since") != std::string::npos);
}

TEST_CASE("a sweep goes on after its store was cleaned", "[sharing]") {
  const std::string axes = R"(
seeds = [1]
[[axis]]
slot = "train.averager"
use = ["ema", { use = "swa", every = 2, start_frac = 0.5 }]
)";
  fs::path folder = sweep("resumed", axes, "--max-runs 1");
  REQUIRE(stages_in(folder / "store")["average"] == 2);
  REQUIRE(shell("gc " + folder.string()).code == 0);
  CHECK(stages_in(folder / "store")["average"] == 2);
  sweep("resumed", axes);
  CHECK(said(folder, "trained 24 steps") == 1);
  // An average that is gone all the same is made again, with its training.
  for (const auto& run : read_plan(folder).runs) fs::remove_all(folder / run.folder);
  for (const auto& stage : fs::directory_iterator(folder / "store"))
    if (stage.path().filename().string().starts_with("average-")) fs::remove_all(stage.path());
  sweep("resumed", axes);
  check_against_separate_runs(folder);
}

TEST_CASE("stages of sweeps behind links are needed too", "[sharing]") {
  fs::path results = laboratory().folder("around/results"), elsewhere = laboratory().folder("elsewhere");
  fs::create_directories(results);
  fs::create_directories(elsewhere);
  fs::create_directory_symlink(elsewhere, results / "linked");
  Outcome made = shell(fmt::format("run {} --output {} --store {}", laboratory().experiment().string(),
                                   (elsewhere / "run").string(), (results / "store").string()));
  INFO(made.output);
  REQUIRE(made.code == 0);
  std::map<std::string, int> before = stages_in(results / "store");
  REQUIRE(shell("gc " + results.string()).code == 0);
  CHECK(stages_in(results / "store")["compress"] == 1);
  CHECK(stages_in(results / "store") == before);
}

TEST_CASE("nothing is taken from another training of the same name", "[sharing]") {
  const std::string axes = R"(
seeds = [1]
[[axis]]
zip = { "budget.seconds" = [0.3], "budget.steps" = [1000000] }
)";
  fs::path folder = sweep("timed", axes), run = folder / "runs/baseline-s1";
  std::string before = read_file(run / "weights.safetensors");
  sweep("timed", axes, "--fresh");
  REQUIRE(read_file(run / "weights.safetensors") != before);
  fs::path artifact = laboratory().folder("timed_again.bin");
  REQUIRE(shell(fmt::format("export {} --artifact {}", run.string(), artifact.string())).code == 0);
  CHECK(read_file(run / "artifact.bin") == read_file(artifact));
  Json summary = Json::parse(read_file(run / "summary.json"));
  Outcome scored = shell(fmt::format("eval {} --json", run.string()));
  INFO(scored.output);
  CHECK(Json::parse(scored.output).at("scores").at("standard").at("val_bpb") == summary.at("val_bpb"));
}

TEST_CASE("the store of a sweep is the same however its folder is typed", "[sharing]") {
  fs::path before = fs::current_path(), results = laboratory().folder("typed/results");
  fs::create_directories(results / "s1");
  fs::current_path(results.parent_path());
  CHECK(store_for("results/s1") == fs::current_path() / "results/store");
  fs::current_path("results");
  CHECK(store_for("s1") == fs::current_path() / "store");
  CHECK(store_for("./s1/../s1") == fs::current_path() / "store");
  fs::current_path(before);
}

TEST_CASE("two runs that want the same training at once make it once", "[sharing]") {
  auto run = [](const char* name) {
    return fmt::format("{} run {} --seed 5 --output {} --store {} --device cpu > {}.log 2>&1", kProgram,
                       laboratory().experiment().string(), laboratory().folder(name).string(),
                       laboratory().folder("at_once").string(), laboratory().folder(name).string());
  };
  REQUIRE(std::system((run("once_a") + " & " + run("once_b") + "; wait").c_str()) == 0);
  std::string logs =
      read_file(laboratory().folder("once_a.log")) + read_file(laboratory().folder("once_b.log"));
  CHECK(logs.find("trained 24 steps") != std::string::npos);
  CHECK(logs.find("trained 24 steps") == logs.rfind("trained 24 steps"));
  CHECK(bits_of(laboratory().folder("once_a")) == bits_of(laboratory().folder("once_b")));
}

TEST_CASE("a stage's key holds what can influence it and nothing else", "[sharing]") {
  struct Keys {
    std::string training, quantized, compressed, score;
    int64_t alike = 0;  // first steps in common with the unchanged experiment
  };
  auto keys_of = [](std::vector<std::string> changes) {
    changes.insert(changes.begin(), "train.schedule.warmdown_steps=8");
    Registry registry;
    Tree tree = Tree::load(laboratory().experiment(), changes);
    Experiment experiment = assemble(tree, registry, Device::kCpu);
    StageKeys keys(tree, experiment, registry);
    static const ScheduleSignature first = keys.schedule_signature();
    std::string average = StageKeys::average(keys.training(), keys.observer(*experiment.averager));
    std::string quantized = keys.quantize(average);
    return Keys{keys.training(), quantized, keys.compress(quantized),
                keys.evaluate(keys.training(), "weights", experiment.headline().technique),
                common_steps(first, keys.schedule_signature())};
  };
  Keys base = keys_of({});
  CHECK(base.alike == 24);
  for (const char* nothing : {"title=other", "train.checkpoint_seconds=1", "train.validate_every=3",
                              "techniques.trigram_hash.buckets=64"}) {
    INFO(nothing);
    Keys same = keys_of({nothing});
    CHECK(same.training == base.training);
    CHECK(same.compressed == base.compressed);
    CHECK(same.score == base.score);
  }
  for (const char* trained : {"seed=2", "model.layers=1", "optimizers.scalar.lr=0.1", "budget.steps=23",
                              "techniques.bigram_hash.buckets=64", "train.gradient_accumulators=2",
                              "data.batch_tokens=512", "train.discarded_warmup_steps=1"}) {
    INFO(trained);
    CHECK(keys_of({trained}).training != base.training);
  }
  CHECK(keys_of({"seed=2"}).alike == 24);  // the seed is a dimension apart
  CHECK(keys_of({"model.layers=1"}).alike == 0);
  // Of 24 steps, the first below full rate is the one that 9 are left of.
  CHECK(keys_of({"train.schedule.warmdown_steps=10"}).alike == 15);
  Keys averaged = keys_of({"train.averager.decay=0.5"});
  CHECK(averaged.training == base.training);
  CHECK(averaged.quantized != base.quantized);
  Keys packed = keys_of({"export.compressor.level=3"});
  CHECK(packed.quantized == base.quantized);
  CHECK(packed.compressed != base.compressed);
  Keys scored = keys_of({"evaluators.standard={use=\"sliding_window\",stride=16}"});
  CHECK(scored.compressed == base.compressed);
  CHECK(scored.score != base.score);
}

TEST_CASE("layers that begin to repeat later share the first steps with each other alone", "[sharing]") {
  auto signature = [](const std::vector<std::string>& changes) {
    Registry registry;
    Tree tree = Tree::load(laboratory().experiment(), changes);
    Experiment experiment = assemble(tree, registry, Device::kCpu);
    return StageKeys(tree, experiment, registry).schedule_signature();
  };
  auto repeating = [&](const std::string& start) {
    return signature({"techniques.depth_recurrence={first=0, last=1, start=[" + start + "]}"});
  };
  CHECK(common_steps(repeating("0.5"), repeating("0.75")) == 12);
  CHECK(common_steps(repeating("0.5"), repeating("0.5")) == 24);
  // The skips of the longer order are weights from the first step on.
  CHECK(common_steps(repeating("0.5"), signature({})) == 0);
}
