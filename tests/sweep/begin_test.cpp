// SPDX-License-Identifier: Apache-2.0
// How a sweep is begun and resumed: its plan is frozen once, and what may change it says so.
#include "sweep/begin.h"

#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "base/owned_folder.h"
#include "run/untrained_run.h"
#include "sweep/run_state.h"
#include "sweep/runner.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// A sweep of two arms over a small experiment whose data is there; it has not begun.
struct SmallSweep {
  UntrainedRun data;
  const fs::path& folder = data.folder.path();
  SweepRequest request{(folder / "sweep.toml").string(), folder / "results"};

  SmallSweep() {
    data.folder.write("base.toml", data.text());
    say_seeds("[1, 2]");
  }
  void say_seeds(const std::string& seeds) const {
    data.folder.write("sweep.toml",
                      "base = \"base.toml\"\nseeds = " + seeds +
                          "\n[[axis]]\nkey = \"optimizers.others.lr\"\nvalues = [0.01, 0.02]\n");
  }
  /// What `caddie sweep FOLDER` asks for.
  SweepRequest begun() const { return {request.output.string()}; }
  std::string frozen() const { return read_file(plan_path(request.output)); }
};

}  // namespace

TEST_CASE("a sweep freezes its plan when it begins, and never again", "[sweep]") {
  SmallSweep small;
  {
    LockedSweep sweep = begin_or_resume_sweep(small.request);
    CHECK(sweep.folder == small.request.output);
    CHECK(sweep.plan.runs.size() == 4);
    CHECK(sweep.plan.history.size() == 1);
    CHECK_FALSE(sweep.plan.arms[1].group.empty());
  }
  std::string frozen = small.frozen();
  CHECK(begin_or_resume_sweep(small.request).plan.history.size() == 1);
  CHECK(begin_or_resume_sweep(small.begun()).plan.arms[1].group ==
        read_plan(small.request.output).arms[1].group);
  CHECK(small.frozen() == frozen);
}

TEST_CASE("two cannot be at work on one sweep", "[sweep]") {
  SmallSweep small;
  LockedSweep sweep = begin_or_resume_sweep(small.request);
  CHECK_THROWS_WITH(begin_or_resume_sweep(small.request),
                    Contains("has been at work on it since") && Contains("wait for it or stop it"));
  CHECK_THROWS_WITH(begin_or_resume_sweep(small.begun()),
                    Contains("has been at work on it since") && Contains("wait for it or stop it"));
}

TEST_CASE("an edited sweep goes on only with --replan, which notes what was changed", "[sweep]") {
  SmallSweep small;
  {
    Plan plan = begin_or_resume_sweep(small.request).plan;
    plan.jobs = 1;
    plan.threads = 2;
    write_plan(plan, small.request.output);
  }
  small.say_seeds("[1, 2, 3]");
  CHECK_THROWS_WITH(begin_or_resume_sweep(small.request), Contains("edited since its plan was frozen"));
  CHECK(begin_or_resume_sweep(small.begun()).plan.runs.size() == 4);  // goes by the plan and does not look
  small.request.replan = true;
  Plan plan = begin_or_resume_sweep(small.request).plan;
  CHECK(plan.runs.size() == 6);
  REQUIRE(plan.history.size() == 2);
  CHECK_THAT(plan.history[1]["changes"].dump(), Contains("seeds"));
  CHECK(plan.history[1]["seeds_added"] == 1);
  CHECK(plan.history[1]["seeds_dropped"] == 0);
  CHECK(plan.jobs == 1);  // the share of the machine stays that of the runs that are there
  CHECK(plan.threads == 2);
}

TEST_CASE("the history tells seeds that were dropped from seeds that were added", "[sweep]") {
  SmallSweep small;
  begin_or_resume_sweep(small.request);
  small.say_seeds("{ values = [2, 5, 6], baseline_extra = 1 }");
  small.request.replan = true;
  Json last = begin_or_resume_sweep(small.request).plan.history.back();
  CHECK(last["seeds_added"] == 3);  // 5, 6, and 7 for the baseline
  CHECK(last["seeds_dropped"] == 1);
}

TEST_CASE("starting over throws away what the runs left, unless one is at work", "[sweep]") {
  SmallSweep small;
  begin_or_resume_sweep(small.request);
  fs::path run = small.request.output / "runs/baseline-s1";
  make_owned_folder(run);
  write_file(run / "log.txt", "trained");
  small.request.fresh = true;
  {
    std::optional<FolderClaim> at_work = FolderClaim::take(run);
    CHECK_THROWS_WITH(begin_or_resume_sweep(small.request),
                      Contains("baseline-s1: process ") && Contains("start over when it has ended"));
    CHECK(fs::exists(run / "log.txt"));
  }
  CHECK(begin_or_resume_sweep(small.request).plan.history.size() == 1);
  CHECK_FALSE(fs::exists(run));
}

TEST_CASE("starting over removes nothing that Caddie did not make", "[sweep]") {
  SmallSweep small;
  begin_or_resume_sweep(small.request);
  small.request.fresh = true;
  fs::path theirs = small.request.output / "runs/theirs/precious", run = small.request.output / "runs/a";
  make_owned_folder(run);
  write_file(theirs, "text");
  CHECK_THROWS_WITH(begin_or_resume_sweep(small.request),
                    Contains("runs/theirs: Caddie removes only folders that it"));
  CHECK(read_file(theirs) == "text");
  CHECK(fs::exists(run));
  fs::path stage = store_for(small.request.output) /
                   StageKeys::seeded(read_plan(small.request.output).arms[0].training, 1);
  fs::create_directories(stage.parent_path());
  fs::rename(theirs.parent_path(), stage);
  CHECK_THROWS_WITH(begin_or_resume_sweep(small.request), Contains(stage.string() + ": Caddie removes only"));
  CHECK(fs::exists(stage / "precious"));
}

TEST_CASE("a sweep does not begin over files of others", "[sweep]") {
  SmallSweep small;
  for (const char* name : {"plan.json", "runs/precious", "runs.csv"})
    for (bool fresh : {false, true}) {
      fs::path file = small.request.output / name;
      write_file(file, "text");
      small.request.fresh = fresh;
      CHECK_THROWS_WITH(begin_or_resume_sweep(small.request), Contains("Caddie did not make it"));
      CHECK(read_file(file) == "text");
      CHECK_FALSE(fs::exists(small.request.output / "lock"));
      fs::remove_all(small.request.output);
    }
}

TEST_CASE("options that only a sweep file answers are refused for a sweep that was begun", "[sweep]") {
  SmallSweep small;
  begin_or_resume_sweep(small.request);
  SweepRequest replan = small.begun(), moved = small.begun();
  replan.replan = true;
  moved.output = "elsewhere";
  CHECK_THROWS_WITH(begin_or_resume_sweep(replan), Contains("--replan reads the sweep file again"));
  CHECK_THROWS_WITH(begin_or_resume_sweep(moved), Contains("stays in its folder"));
  CHECK_THROWS_WITH(begin_or_resume_sweep({"nowhere"}), Contains("no sweep was begun there"));
}

TEST_CASE("a sweep below a folder whose name is not UTF-8 is frozen and resumed", "[sweep]") {
  SmallSweep small;
  fs::path odd = small.folder / "b\xff";
  fs::create_directory(odd);
  for (const char* name : {"sweep.toml", "base.toml"}) fs::copy_file(small.folder / name, odd / name);
  SweepRequest request{(odd / "sweep.toml").string(), small.request.output};
  CHECK(begin_or_resume_sweep(request).plan.runs.size() == 4);
  CHECK(begin_or_resume_sweep(request).plan.history.size() == 1);
  CHECK_THAT(read_plan(small.request.output).sweep_file, Contains("b\xEF\xBF\xBD/sweep.toml"));
}
