// SPDX-License-Identifier: Apache-2.0
// Sweeps: conditions, designs, plans and their freezing, states read from folders.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "sweep/design.h"
#include "sweep/expression.h"
#include "sweep/plan.h"
#include "sweep/run_state.h"
#include "sweep/runner.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// A folder that goes away with the test.
struct Scratch {
  fs::path path;
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "caddie-sweep-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Scratch() { fs::remove_all(path); }
  fs::path write(const std::string& name, const std::string& text) const {
    write_file(path / name, text);
    return path / name;
  }
};

const std::string kBase = R"(
seed = 7
title = "base"
[model]
dim = 64
[model.activation]
use = "square"
power = 2
[techniques.hash]
enabled = false
buckets = 16
[techniques.gate]
[export.quantizers.all]
use = "round"
weights = ["role:matrix"]
bits = 8
)";

/// Reads a sweep over kBase.
SweepFile sweep_of(const Scratch& scratch, const std::string& text) {
  scratch.write("base.toml", kBase);
  return read_sweep(scratch.write("sweep.toml", "base = \"base.toml\"\n" + text));
}

std::vector<std::string> labels(const std::vector<Combination>& combinations) {
  std::vector<std::string> all;
  for (const Combination& c : combinations) all.push_back(c.label);
  return all;
}

using Labels = std::vector<std::string>;

bool holds(const std::string& text) {
  Expression::Lookup lookup = [](const std::string& name) -> std::optional<Expression::Value> {
    if (name == "model.dim") return 384.0;
    if (name == "hash") return true;
    if (name == "use") return std::string("round");
    if (name == "empty") return std::nullopt;
    fail("no '{}' here", name);
  };
  return Expression(text, "here").holds(lookup);
}

}  // namespace

TEST_CASE("conditions bind not, then and, then or", "[sweep]") {
  CHECK(holds("model.dim == 384"));
  CHECK(holds("model.dim == 3.84e2"));
  CHECK_FALSE(holds("model.dim != 384"));
  CHECK(holds("hash and model.dim >= 384"));
  CHECK_FALSE(holds("not hash or model.dim < 384"));
  CHECK(holds("hash or hash and not hash"));
  CHECK_FALSE(holds("(hash or hash) and not hash"));
  CHECK(holds("use == 'round' and use == \"round\" and use != 'floor'"));
  CHECK(holds("hash == true"));
  CHECK_FALSE(holds("empty == 3"));
  CHECK_FALSE(holds("empty != 3"));
  CHECK_FALSE(holds("empty"));
}

TEST_CASE("conditions say what they do not understand", "[sweep]") {
  CHECK_THROWS_WITH(holds("model.dim =="), Catch::Contains("found the end; wanted a name or a value"));
  CHECK_THROWS_WITH(holds("model.dim = 3"), Catch::Contains("found '='"));
  CHECK_THROWS_WITH(holds("(hash"), Catch::Contains("wanted ')'"));
  CHECK_THROWS_WITH(holds("hash hash"), Catch::Contains("found 'hash'; wanted 'and', 'or' or the end"));
  CHECK_THROWS_WITH(holds("use == 'round"), Catch::Contains("closing quote"));
  CHECK_THROWS_WITH(holds("model.dim == 'round'"), Catch::Contains("different types"));
  CHECK_THROWS_WITH(holds("model.dim"), Catch::Contains("true or false"));
}

TEST_CASE("a grid multiplies toggles and values, the baseline first", "[sweep]") {
  Scratch scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = [1, 2]
[[axis]]
toggle = "hash"
[[axis]]
key = "model.dim"
values = [32, 64, 96]
)");
  CHECK(labels(combinations(sweep)) ==
        Labels{"baseline", "+hash", "dim=32", "+hash dim=32", "dim=96", "+hash dim=96"});
  CHECK(combinations(sweep)[3].overrides == Labels{"techniques.hash.enabled=true", "model.dim=32"});
}

TEST_CASE("replacing a plugin takes its settings away, not what the core reads", "[sweep]") {
  Scratch scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = [1]
[[axis]]
slot = "export.quantizers.all"
use = ["round", { use = "floor", bits = 6 }]
)");
  std::vector<Combination> arms = combinations(sweep);
  REQUIRE(labels(arms) == Labels{"baseline", "all=floor(bits=6)"});
  CHECK(arms[0].overrides.empty());
  Tree tree = Tree::load(sweep.base, arms[1].overrides);
  CHECK(tree.read_text("export.quantizers.all") ==
        R"({ bits = 6, use = "floor", weights = ["role:matrix"] })");
}

TEST_CASE("zipped keys vary together", "[sweep]") {
  Scratch scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = [1]
[[axis]]
zip = { "model.dim" = [64, 128], "model.heads" = [2, 4] }
)");
  CHECK(labels(combinations(sweep)) == Labels{"baseline", "dim=128 heads=4"});
  CHECK_THROWS_WITH(sweep_of(scratch, "seeds = [1]\n[[axis]]\nzip = { a = [1], b = [1, 2] }"),
                    Catch::Contains("'b' has 2 values, the others 1"));
}

TEST_CASE("designs over three techniques", "[sweep]") {
  Scratch scratch;
  auto arms = [&](const std::string& design) {
    return labels(combinations(sweep_of(
        scratch, "seeds = [1]\n[design]\ntechniques = [\"a\", \"b\", \"c\"]\nkind = \"" + design + "\"")));
  };
  CHECK(arms("leave_one_out") == Labels{"baseline", "-a", "-b", "-c"});
  CHECK(arms("add_one_in") == Labels{"baseline", "+a", "+b", "+c"});
  CHECK(arms("stack") == Labels{"baseline", "+a", "+a +b", "+a +b +c"});
  CHECK(arms("zip") == Labels{"baseline", "+a +b +c"});
  CHECK(arms("random").size() == 8);  // 16 samples of only 8 combinations
  CHECK(arms("random\"\nsamples = 3 #").size() == 4);
  CHECK(arms("random\"\nsamples = 3 #") == arms("random\"\nsamples = 3 #"));
}

TEST_CASE("points stand beside the grid, and one may be the baseline", "[sweep]") {
  Scratch scratch;
  std::string points = R"(
seeds = [1]
[[point]]
label = "small"
set = { "model.dim" = 32 }
[[point]]
label = "large"
set = { "model.dim" = 512, "techniques.hash.enabled" = true }
)";
  CHECK(labels(combinations(sweep_of(scratch, points + "[design]\nkind = \"list\""))) ==
        Labels{"baseline", "small", "large"});
  CHECK(labels(combinations(sweep_of(scratch, points + "[design]\nkind = \"list\"\nbaseline = \"large\""))) ==
        Labels{"large", "small"});
  CHECK_THROWS_WITH(combinations(sweep_of(scratch, points + "[design]\nbaseline = \"larg\"")),
                    Catch::Contains("no arm is called 'larg'") && Catch::Contains("'large'"));
  const std::string grid = "[[axis]]\ntoggle = \"hash\"\n[design]\nbaseline = ";
  CHECK(labels(combinations(sweep_of(scratch, points + grid + "\"large\""))) ==
        Labels{"large", "base", "+hash", "small"});
  CHECK_THROWS_WITH(combinations(sweep_of(scratch, points + grid + "\"+hash\"")),
                    Catch::Contains("named level by level; write [design.baseline]"));
}

TEST_CASE("the claim or the design may choose the baseline's levels", "[sweep]") {
  Scratch scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = { count = 3, first = 10, baseline_extra = 2 }
[[axis]]
toggle = "hash"
[[axis]]
key = "model.dim"
values = [32, 64]
[claim]
baseline = { hash = true, "model.dim" = 32 }
margin_nats = 0.005
)");
  CHECK(labels(combinations(sweep)) == Labels{"baseline", "-hash", "dim=64", "-hash dim=64"});
  CHECK(sweep.seeds == std::vector<int64_t>{10, 11, 12});
  REQUIRE(sweep.claim);
  CHECK(sweep.claim->margin_nats == 0.005);
  CHECK(sweep.claim->alpha == 0.01);
}

TEST_CASE("mistakes in a sweep file are shown where they stand", "[sweep]") {
  Scratch scratch;
  auto wrong = [&](const std::string& text) { sweep_of(scratch, text); };
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[[axis]]\ntogle = \"hash\""), Catch::Contains("sweep.toml:3"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[desing]\nkind = \"grid\""), Catch::Contains("'design'"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[design]\nkind = \"gird\""), Catch::Contains("sweep.toml:4"));
  CHECK_THROWS_WITH(wrong("seeds = []"), Catch::Contains("there are no seeds"));
  CHECK_THROWS_WITH(wrong("seeds = [1, 1]"), Catch::Contains("listed twice"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[[axis]]\nkey = \"a\"\nvalues = [1, 1]"),
                    Catch::Contains("listed twice"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[[axis]]\ntoggle = \"a\"\n[[axis]]\ntoggle = \"a\""),
                    Catch::Contains("'a' varies on two axes"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[when]\nexclude = [\"a ==\"]"), Catch::Contains("[when] exclude"));
  CHECK_THROWS_WITH(
      wrong("seeds = [1]\n[design]\nkind = \"grid\"\nbaseline = { hsh = true }\n[[axis]]\ntoggle = \"hash\""),
      Catch::Contains("did you mean 'hash'"));
  scratch.write("alone.toml", "base = \"nowhere.toml\"\nseeds = [1]");
  CHECK_THROWS_WITH(read_sweep(scratch.path / "alone.toml"),
                    Catch::Contains("nowhere.toml; there is no such file"));
}

TEST_CASE("a fractional design keeps the promised resolution", "[sweep]") {
  // The standard resolutions of two-level designs: Montgomery, Design and Analysis of Experiments,
  // table 8.14.
  CHECK(fraction(3, 4, 3).resolution == 3);
  CHECK(fraction(5, 16, 3).resolution == 5);
  CHECK(fraction(6, 16, 3).resolution == 4);
  CHECK(fraction(7, 8, 3).resolution == 3);
  CHECK(fraction(8, 16, 3).resolution == 4);
  CHECK(fraction(8, 64, 3).resolution == 5);
  CHECK(fraction(4, 16, 4).words.empty());
  CHECK(fraction(6, 0, 4).rows.size() == 16);
  CHECK_THROWS_WITH(fraction(6, 8, 4), Catch::Contains("8 arms cannot hold 6 factors at resolution 4"));
  CHECK_THROWS_WITH(fraction(6, 12, 4), Catch::Contains("no power of two"));

  Fraction design = fraction(6, 16, 4);
  CHECK(design.rows[0] == std::vector<size_t>(6, 0));
  for (size_t a = 0; a < 6; ++a)
    for (size_t b = 0; b < a; ++b) {
      int balance[2][2] = {};
      for (const auto& row : design.rows) ++balance[row[a]][row[b]];
      CHECK((balance[0][0] == 4 && balance[0][1] == 4 && balance[1][0] == 4 && balance[1][1] == 4));
    }
}

TEST_CASE("aliases of the half fraction of three factors", "[sweep]") {
  // I = ABC: every main effect is a pair of the others.
  CHECK(aliases(fraction(3, 4, 3), {"a", "b", "c"}) == Labels{"a = b*c", "b = a*c", "c = a*b"});
  CHECK(aliases(fraction(4, 8, 4), {"a", "b", "c", "d"}) == Labels{"a*b = c*d", "a*c = b*d", "a*d = b*c"});
}

namespace {

/// The plan of the quick start, and a place to change its files.
struct QuickStart {
  Scratch scratch;
  fs::path experiment(const std::string& name) const {
    return fs::path(CADDIE_SOURCE_DIR) / "experiments" / name;
  }
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
                    Catch::Contains("no experiment here has a setting 'model.dmi'"));
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
  write_plan(plan, start.scratch.path);
  Plan again = read_plan(start.scratch.path);
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
  CHECK_THROWS_WITH(read_plan(start.scratch.path / "elsewhere"), Catch::Contains("there is no plan.json"));
  start.scratch.write("broken/plan.json", "{\"schema\": 1}");
  CHECK_THROWS_WITH(read_plan(start.scratch.path / "broken"), Catch::Contains("not a plan"));
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

TEST_CASE("the state of a run is what its folder says", "[sweep]") {
  Scratch scratch;
  Plan plan;
  plan.arms.push_back({"baseline", "baseline", {}, {}, {}, {}, "", "group-a"});
  plan.runs.push_back({0, 5, "runs/a"});
  auto state = [&] { return state_of(plan, plan.runs[0], scratch.path); };
  const std::string record = R"({"group": "group-a", "seed": 5})";

  CHECK(state().status == RunStatus::planned);
  scratch.write("runs/a/experiment.toml", "");
  CHECK(state().status == RunStatus::planned);
  {
    auto lock = FileLock::take(scratch.path / "runs/a/lock");
    REQUIRE(lock);
    CHECK(state().status == RunStatus::running);
    CHECK_FALSE(FileLock::take(scratch.path / "runs/a/lock"));
  }
  CHECK(state().status == RunStatus::lost);  // its process ended and left nothing
  scratch.write("runs/a/summary.json", R"({"status": "failed", "fail_reason": "loss is nan"})");
  CHECK(state().status == RunStatus::failed);
  CHECK(state().reason == "loss is nan");
  scratch.write("runs/a/run.json", record);
  scratch.write("runs/a/summary.json", R"({"status": "done", "val_bpb": 1.5})");
  CHECK(state().status == RunStatus::done);
  CHECK(state().summary.at("val_bpb") == 1.5);
  scratch.write("runs/a/summary.json", R"({"status": "do)");
  CHECK(state().status == RunStatus::lost);  // nobody writes half a file, but a disk may lose one
}

TEST_CASE("results of another experiment do not count", "[sweep]") {
  Scratch scratch;
  Plan plan;
  plan.arms.push_back({"baseline", "baseline", {}, {}, {}, {}, "", "group-a"});
  plan.runs.push_back({0, 5, "runs/a"});
  scratch.write("runs/a/summary.json", R"({"status": "done", "val_bpb": 1.5})");
  scratch.write("runs/a/run.json", R"({"group": "group-b", "seed": 5})");
  RunState state = state_of(plan, plan.runs[0], scratch.path);
  CHECK(state.stale);
  CHECK(state.status == RunStatus::planned);
  CHECK(state.summary.is_null());
  scratch.write("runs/a/run.json", R"({"group": "group-a", "seed": 6})");
  CHECK(state_of(plan, plan.runs[0], scratch.path).stale);
}

TEST_CASE("the reason of a failure is the last error of the log", "[sweep]") {
  Scratch scratch;
  CHECK(error_in_log(scratch.path) == "it left no message");
  scratch.write("log.txt", "step 1\nerror: first\nstep 2\nerror: data/x.bin: truncated\n --> x\n\n");
  CHECK(error_in_log(scratch.path) == "data/x.bin: truncated");
  CHECK(last_log_line(scratch.path) == " --> x");
  scratch.write("log.txt", std::string(100000, 'x') + "\nstep 9\n");
  CHECK(error_in_log(scratch.path) == "step 9");
}
