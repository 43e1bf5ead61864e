// SPDX-License-Identifier: Apache-2.0
// Into which folders a run goes, and what it leaves alone there.
#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "base/owned_folder.h"
#include "run/run.h"
#include "run/untrained_run.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// A run of no steps into a folder.
struct Runs {
  UntrainedRun data;
  fs::path folder = data.folder / "output";

  RunSummary go(bool fresh = false) const {
    Tree tree = data.tree();
    tree.override_with("budget.steps=0");
    Experiment experiment = assemble(tree, registry(), Device::kCpu);
    RunOptions options;
    options.folder = folder;
    options.fresh = fresh;
    options.quiet = true;
    return run_experiment(tree, experiment, registry(), options);
  }
};

}  // namespace

TEST_CASE("a run marks its folder, and starts over only what it made", "[run]") {
  Runs runs;
  CHECK(runs.go().status == "done");
  CHECK(is_owned(runs.folder));
  CHECK_FALSE(fs::exists(runs.folder / "stages"));
  write_file(runs.folder / "stages/precious", "text");
  CHECK_THROWS_WITH(runs.go(true), Contains("stages: Caddie removes only folders that it made"));
  CHECK(read_file(runs.folder / "stages/precious") == "text");
  CHECK(fs::exists(runs.folder / "summary.json"));
  CHECK(runs.go().status == "done");
}

TEST_CASE("a run overwrites no files of others", "[run]") {
  Runs runs;
  for (const char* name : {"metrics.csv", "run.json", "stages/precious"}) {
    INFO(name);
    write_file(runs.folder / name, "text");
    for (bool fresh : {false, true}) CHECK_THROWS_WITH(runs.go(fresh), Contains("Caddie did not make it"));
    CHECK(read_file(runs.folder / name) == "text");
    fs::remove_all(runs.folder);
  }
}

TEST_CASE("a run goes into a folder that holds other files, and takes its results up again", "[run]") {
  Runs runs;
  write_file(runs.folder / "notes.txt", "text");
  double bpb = *runs.go().bpb;
  CHECK_FALSE(is_owned(runs.folder));
  CHECK(*runs.go().bpb == bpb);
  CHECK(*runs.go(true).bpb == bpb);
  CHECK(read_file(runs.folder / "notes.txt") == "text");
}
