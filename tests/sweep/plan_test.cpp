// SPDX-License-Identifier: Apache-2.0
// Plans over the quick start: whole experiments, frozen, and held against later edits.
#include <caddie/error.h>
#include <caddie/parallel.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>

#include "base/files.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "sweep/combinations.h"
#include "sweep/fraction.h"
#include "sweep/plan.h"
#include "sweep/runner.h"
#include "sweep/select_runs.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// The plan of the quick start, and a place to change its files.
struct QuickStart {
  TemporaryFolder scratch;
  fs::path experiment(const std::string& name) const { return source_folder() / "experiments" / name; }
  SweepFile sweep(const std::string& text) const {
    return read_sweep(
        scratch.write("sweep.toml", "base = \"" + experiment("quickstart.toml").string() + "\"\n" + text));
  }
};

const std::string kTwoToggles = R"(
seeds = [1, 2]
[[axis]]
toggle = "trigram_hash"
[[axis]]
toggle = "value_residual"
)";

}  // namespace

TEST_CASE("a trial of a sweep changes the base of all arms and has a name of its own", "[sweep]") {
  QuickStart start;
  start.sweep(kTwoToggles);
  fs::path file = start.scratch / "sweep.toml";
  Plan plan = make_plan(read_sweep(file)), trial = make_plan(read_sweep(file, {"budget.steps=5"}));
  CHECK(trial.name == plan.name + "-trial");
  CHECK(trial.base_text != plan.base_text);
  REQUIRE(trial.arms.size() == plan.arms.size());
  for (size_t i = 0; i < plan.arms.size(); ++i) {
    CHECK_THAT(plan.arms[i].experiment, Catch::Contains("steps = 300"));
    CHECK_THAT(trial.arms[i].experiment, Catch::Contains("steps = 5\n") || Catch::Contains("steps = 5 "));
    CHECK(trial.arms[i].overrides == plan.arms[i].overrides);
  }
  // An axis over what the trial changes keeps its values, and so needs the trial's value among them.
  fs::path over_steps = start.scratch.write(
      "steps.toml", "base = \"" + start.experiment("quickstart.toml").string() +
                        "\"\nseeds = [1]\n[[axis]]\nkey = \"budget.steps\"\nvalues = [100, 200]\n");
  CHECK_THROWS_WITH(read_sweep(over_steps, {"budget.steps=5"}),
                    Catch::Contains("'budget.steps' is 5 in the base"));
  CHECK_NOTHROW(read_sweep(over_steps, {"budget.steps=100"}));
}

TEST_CASE("a plan is the same for any number of threads, and so is what stops it", "[sweep]") {
  QuickStart start;
  auto with_threads = [&](int threads, const std::string& text) {
    int before = thread_count();
    set_thread_count(threads);
    std::string result;
    try {
      fs::path folder = start.scratch / ("threads-" + std::to_string(threads));
      write_plan(make_plan(start.sweep(text)), folder);
      result = read_file(folder / "plan.json");
    } catch (const Error& error) {
      result = error.what();
    }
    set_thread_count(before);
    return result;
  };
  std::string many = kTwoToggles + "[[axis]]\nkey = \"train.clip_norm\"\nvalues = [0.0, 0.3, 1.0]\n";
  std::string plan = with_threads(1, many);
  CHECK_THAT(plan, Catch::Contains("+trigram_hash +value_residual"));
  CHECK(with_threads(3, many) == plan);
  std::string wrong = "seeds = [1]\n[[axis]]\nkey = \"model.heads\"\nvalues = [4, 3, 5, 7]\n";
  std::string first = with_threads(1, wrong);
  CHECK_THAT(first, Catch::Contains("heads=3"));
  for (int again = 0; again < 3; ++again) CHECK(with_threads(3, wrong) == first);
}

TEST_CASE("the level that the base has is the baseline, however it is written", "[sweep]") {
  QuickStart start;
  auto baseline_of = [&](const std::string& axis) {
    SweepFile sweep = start.sweep("seeds = [1]\n[[axis]]\n" + axis);
    return sweep.factors[0].levels[sweep.factors[0].baseline].label;
  };
  CHECK(baseline_of("key = \"budget.artifact_bytes\"\nvalues = [1000, 16_000_000.0]") ==
        "artifact_bytes=16000000.0");
  CHECK(baseline_of("key = \"train.averager.decay\"\nvalues = [0.9, 0.970]") == "decay=0.97");
  CHECK(baseline_of("key = \"budget.steps\"\nvalues = [100]") == "steps=100");
  CHECK(baseline_of("slot = \"train.averager\"\nuse = [\"swa\", { use = \"ema\", decay = 0.97 }]") ==
        "averager=ema(decay=0.97)");
  const std::string other = "[[axis]]\nkey = \"budget.steps\"\nvalues = [100, 200]\n";
  CHECK_THROWS_WITH(
      start.sweep("seeds = [1]\n" + other),
      Catch::Contains("'budget.steps' is 300 in the base") && Catch::Contains("[design.baseline]"));
  CHECK_NOTHROW(start.sweep("seeds = [1]\n[design.baseline]\n\"budget.steps\" = 200\n" + other));
}

TEST_CASE("a plan holds whole experiments and a folder for every run", "[sweep]") {
  QuickStart start;
  Plan plan = make_plan(start.sweep(kTwoToggles));
  REQUIRE(plan.arms.size() == 4);
  REQUIRE(plan.runs.size() == 8);
  CHECK(plan.arms[3].label == "+trigram_hash +value_residual");
  CHECK(plan.arms[3].techniques.at("trigram_hash"));
  CHECK_FALSE(plan.arms[0].techniques.at("trigram_hash"));
  CHECK(plan.arms[0].params.empty());
  CHECK_THAT(plan.arms[0].experiment, Catch::Contains("seed = 1337"));
  std::set<std::string> folders;
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    CHECK(plan.runs[i].seed == (i < 4 ? 1 : 2));  // one seed after the other
    folders.insert(plan.runs[i].folder);
  }
  CHECK(folders.count("runs/trigram_hash+value_residual-s2") == 1);
  CHECK(folders.size() == 8);
}

TEST_CASE("what is wrong with the base itself is said of its arm, without changes", "[sweep]") {
  QuickStart start;
  fs::path base = start.scratch.write(
      "bad.toml", "extends = \"" + start.experiment("quickstart.toml").string() + "\"\n[model]\ndim = 129\n");
  fs::path file = start.scratch.write(
      "sweep.toml", "base = \"bad.toml\"\nseeds = [1]\n[[point]]\nlabel = \"b\"\nset = { seed = 2 }\n");
  CHECK_THROWS_WITH(make_plan(read_sweep(file)),
                    Catch::StartsWith(file.string() + ": arm 'baseline': model.dim 129"));
}

TEST_CASE("a toggle of what is no technique says which axis varies it", "[sweep]") {
  QuickStart start;
  auto refused = [&](const std::string& toggle, const std::string& why) {
    INFO(toggle);
    CHECK_THROWS_WITH(start.sweep("seeds = [1]\n[[axis]]\ntoggle = \"" + toggle + "\""),
                      Catch::Contains("sweep.toml:4:") && Catch::Contains(why));
  };
  refused("standard",
          "'standard' is of kind evaluator, which stands in [evaluators]; write toggle = "
          "\"evaluators.standard\"");
  refused("ema",
          "'ema' is of kind averager, which stands in [train.averager]; write toggle = \"train.averager\"");
  refused("swa", "write slot = \"train.averager\" with use = [\"...\", \"swa\"]");
  refused("relu_squared", "write slot = \"model.activation\" with use = [\"...\", \"relu_squared\"]");
  refused("ngram_tilt", "write toggle = \"blends.ngram_tilt\"");
  refused("muon", "write slot = \"optimizers.LABEL\" with use = [\"...\", \"muon\"]");
  refused("case_ops", "'case_ops' is of kind text_transform, which rewrites data before any run");
  refused("train.schedule",
          "[train.schedule] cannot be switched off, for there is always one schedule; write slot "
          "= \"train.schedule\" with use = [\"...\", \"...\"]");
  CHECK_NOTHROW(start.sweep("seeds = [1]\n[[axis]]\ntoggle = \"evaluators.standard\""));
  CHECK_NOTHROW(start.sweep("seeds = [1]\n[[axis]]\ntoggle = \"xsa\""));
}

TEST_CASE("a wrong name in an arm stops the plan", "[sweep]") {
  QuickStart start;
  CHECK_THROWS_WITH(make_plan(start.sweep("seeds = [1]\n[[axis]]\ntoggle = \"trigram_hahs\"")),
                    Catch::Contains("arm 'baseline'") && Catch::Contains("trigram_hash"));
  CHECK_THROWS_WITH(make_plan(start.sweep("seeds = [1]\n[[axis]]\nkey = \"model.dmi\"\nvalues = [64]")),
                    Catch::Contains("model.dmi") && Catch::Contains("did you mean 'dim'"));
  CHECK_THROWS_WITH(make_plan(start.sweep("seeds = [1]\n[[axis]]\nkey = \"model.dim\"\nvalues = [128, 129]")),
                    Catch::Contains("arm 'dim=129'"));
}

TEST_CASE("excluded combinations may even be impossible ones", "[sweep]") {
  QuickStart start;
  Plan plan = make_plan(start.sweep(R"(
seeds = [1]
[[axis]]
toggle = "trigram_hash"
[[axis]]
key = "model.dim"
values = [128, 129]
[when]
exclude = ["model.dim == 129", "trigram_hash and model.layers == 5"]
)"));
  CHECK(plan.arms.size() == 2);
  REQUIRE(plan.excluded.size() == 2);
  CHECK(plan.excluded[0].label == "dim=129");
  CHECK(plan.excluded[0].reason == "model.dim == 129");
  CHECK_THROWS_WITH(make_plan(start.sweep(kTwoToggles + "[when]\nexclude = [\"model.dmi == 1\"]")),
                    Catch::Contains("nothing here has a value 'model.dmi'; did you mean 'model.dim'"));
}

TEST_CASE("a claim about unknown arms or numbers stops the plan", "[sweep]") {
  QuickStart start;
  CHECK_THROWS_WITH(make_plan(start.sweep(kTwoToggles + "[claim]\narms = [\"trigram_hash\"]")),
                    Catch::Contains("no arm is called 'trigram_hash'") && Catch::Contains("'+trigram_hash'"));
  CHECK_THROWS_WITH(start.sweep(kTwoToggles + "[claim]\nmetric = \"val_bbp\""),
                    Catch::Contains("val_bpb") && Catch::Contains("sweep.toml:9"));
  CHECK_NOTHROW(make_plan(start.sweep(kTwoToggles + "[claim]\nmetric = \"train_time_s\"")));
}

TEST_CASE("two names for one experiment make one arm", "[sweep]") {
  QuickStart start;
  Plan plan = make_plan(start.sweep(kTwoToggles + R"(
[[point]]
label = "again"
set = { "techniques.trigram_hash.enabled" = true }
)"));
  CHECK(plan.arms.size() == 4);
  REQUIRE(plan.excluded.size() == 1);
  CHECK(plan.excluded[0].reason == "the same experiment as '+trigram_hash'");
}

TEST_CASE("a frozen plan comes back from its file", "[sweep]") {
  QuickStart start;
  Plan plan = make_plan(start.sweep(kTwoToggles + R"(
[[axis]]
key = "model.dim"
values = [128, 64]
[claim]
margin = 0.001
)"));
  for (Arm& arm : plan.arms) arm.group = "g-" + arm.label;
  write_plan(plan, start.scratch.path());
  Plan again = read_plan(start.scratch.path());
  REQUIRE(again.arms.size() == 8);
  for (size_t i = 0; i < plan.arms.size(); ++i) {
    CHECK(again.arms[i].label == plan.arms[i].label);
    CHECK(again.arms[i].params == plan.arms[i].params);
    CHECK(again.arms[i].experiment == plan.arms[i].experiment);
    CHECK(again.arms[i].group == plan.arms[i].group);
  }
  CHECK(again.arms.back().params.at("model.dim") == "64");
  CHECK(again.runs[3].folder == plan.runs[3].folder);
  REQUIRE(again.claim);
  CHECK(again.claim->margin == 0.001);
  CHECK_NOTHROW(check_unchanged(again, plan));
  CHECK_THROWS_WITH(read_plan(start.scratch / "elsewhere"), Catch::Contains("there is no plan.json"));
  start.scratch.write("broken/plan.json", "{\"schema\": 1}");
  CHECK_THROWS_WITH(read_plan(start.scratch / "broken"), Catch::Contains("not a plan"));
}

TEST_CASE("edits after freezing are named", "[sweep]") {
  QuickStart start;
  Plan frozen = make_plan(start.sweep(kTwoToggles));
  Plan more = make_plan(start.sweep(kTwoToggles + "[claim]\nalpha = 0.05"));
  CHECK_THROWS_WITH(check_unchanged(frozen, more),
                    Catch::Contains("sweep.toml: claim.alpha: (none) -> 0.05"));
  Plan moved = frozen;
  moved.base_text += "\nfurther = 1\n";
  CHECK_THROWS_WITH(check_unchanged(frozen, moved), Catch::Contains("further: (none) -> 1"));
}

TEST_CASE("conditions choose runs", "[sweep]") {
  QuickStart start;
  Plan plan = make_plan(start.sweep(kTwoToggles));
  CHECK(select_runs(plan, "").size() == 8);
  CHECK(select_runs(plan, "trigram_hash and seed == 2").size() == 2);
  CHECK(select_runs(plan, "label == 'baseline'").size() == 2);
  CHECK(select_runs(plan, "model.dim == 128 and not value_residual").size() == 4);
  CHECK_THROWS_WITH(select_runs(plan, "trigram"), Catch::Contains("'trigram'"));
}

TEST_CASE("a condition may name a setting that only some arms have", "[sweep]") {
  Plan plan;
  plan.arms.resize(2);
  plan.arms[0].label = "baseline";
  plan.arms[0].experiment = "[model]\ndim = 64\n";
  plan.arms[1].label = "hashed";
  plan.arms[1].experiment = "[model]\ndim = 64\n[techniques.hash]\nenabled = true\nbuckets = 16\n";
  plan.runs = {{0, 1, "runs/baseline-s1"}, {1, 1, "runs/hashed-s1"}, {1, 2, "runs/hashed-s2"}};
  CHECK(select_runs(plan, "techniques.hash.buckets == 16") == std::vector<size_t>{1, 2});
  CHECK(select_runs(plan, "not hash") == std::vector<size_t>{0});
  CHECK(select_runs(plan, "arm == 'hashed' and seed == 2") == std::vector<size_t>{2});
  CHECK(select_runs(plan, "model.dim == 65").empty());
  CHECK_THROWS_WITH(select_runs(plan, "hahs"), Catch::Contains("--only") && Catch::Contains("'hash'"));
}
