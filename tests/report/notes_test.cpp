// SPDX-License-Identifier: Apache-2.0
// What is said below a sweep's table: the claim, failures, and runs that were slow.
#include <catch2/catch.hpp>
#include <filesystem>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "report/ablation.h"
#include "report/notes.h"
#include "report/run_sweep.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

TEST_CASE("a claim that was changed later says so", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501}, {1.400, 1.401}});
  sweep.plan.claim.emplace();
  sweep.plan.history = {{{"at", "first"}, {"changes", Json::array()}},
                        {{"at", "second"}, {"changes", {"run.timeout: 1 -> 2"}}}};
  auto told = [&] { return join(notes_on(analyze(sweep.plan, sweep.path)), "\n"); };
  CHECK_THAT(told(), Catch::Contains("claim, fixed before the runs: better by"));
  sweep.plan.history.push_back({{"at", "third"}, {"changes", {"claim.alpha: 0.01 -> 0.05"}}});
  CHECK_THAT(told(), Catch::Contains("claim, CHANGED on third after the plan was first frozen: better by"));
}

TEST_CASE("what was decided after a look is told, with a claim and without", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501}, {1.400, 1.401}});
  auto told = [&](const std::string& baseline = "") {
    return join(notes_on(analyze(sweep.plan, sweep.path, baseline)), "\n");
  };
  sweep.plan.history = {{{"at", "first"}, {"changes", Json::array()}, {"done", 0}},
                        {{"at", "second"},
                         {"changes", {"seeds: [1, 2] -> [1, 2, 3]"}},
                         {"done", 0},
                         {"seeds_added", 1},
                         {"seeds_dropped", 0}}};
  CHECK_THAT(told(), !Catch::Contains("after a look"));
  sweep.plan.history[1]["done"] = 2;
  CHECK_THAT(told(), Catch::Contains("seeds added after a look (on second): p does not allow for that"));
  sweep.plan.claim.emplace();
  CHECK_THAT(told(), Catch::Contains("claim, seeds added after a look (on second): better by"));
  sweep.plan.history[1]["seeds_dropped"] = 2;
  CHECK_THAT(told(),
             Catch::Contains("seeds added after a look (on second), seeds dropped after a look (on second)"));
  sweep.plan.history[1]["seeds_added"] = 0;
  CHECK_THAT(told(), Catch::Contains("claim, seeds dropped after a look (on second): better by"));
  sweep.plan.history[1].erase("seeds_added");  // Plans of older versions do not say which.
  sweep.plan.history[1].erase("seeds_dropped");
  CHECK_THAT(told(), Catch::Contains("claim, seeds changed after a look (on second): better by"));
  sweep.plan.history[1]["changes"] = {"design.baseline: \"a\" -> \"b\""};
  CHECK_THAT(told(), Catch::Contains("claim, baseline changed after the runs (on second): better by"));
  sweep.plan.history.erase(1);
  CHECK_THAT(told(), Catch::Contains("claim, fixed before the runs"));
  CHECK_THAT(told("+a, \"b\""), Catch::Contains("claim, baseline changed after the runs: better by"));
}

TEST_CASE("steps are compared within an arm where the budget is a time", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25, 1.5}, {1.0, 1.25, 1.0}});
  fs::path summary = sweep.path / "runs/1-2/summary.json";
  Json paused = Json::parse(read_file(summary));
  paused["steps"] = 4;
  paused["train_time_s"] = 5.5;
  write_file(summary, paused.dump());
  auto told = [&] { return join(notes_on(analyze(sweep.plan, sweep.path)), "\n"); };
  CHECK_THAT(told(), !Catch::Contains("steps:") && !Catch::Contains("overrun"));
  sweep.plan.arms[1].seconds = 3;
  CHECK_THAT(told(), Catch::Contains("s2 made 4 steps, its arm usually 7") &&
                         Catch::Contains("s2 trained 5.5 s with a budget of 3 s"));
}

TEST_CASE("failures of one reason are told together", "[report]") {
  MadeUpSweep sweep({{1.5, kUnknown}, {kUnknown, kUnknown}, {kUnknown, 1.5}});
  for (auto [run, reason] :
       {std::pair(1, "no"), std::pair(2, "no"), std::pair(3, "other"), std::pair(4, "no")})
    write_file(sweep.path / sweep.plan.runs[size_t(run)].folder / "summary.json",
               Json({{"status", "failed"}, {"fail_reason", reason}}).dump());
  std::string told = join(notes_on(analyze(sweep.plan, sweep.path)), "\n");
  CHECK_THAT(told, Catch::Contains("failed: 3 runs of 3 arms: no"));
  CHECK_THAT(told, Catch::Contains("failed: +a, \"b\" s1: other"));
}

TEST_CASE("a run that cannot be read is told, and fails a sweep that counts all runs as done", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  Ablation whole = analyze(sweep.plan, sweep.path);
  CHECK_NOTHROW(check_all_read(whole, {.done = 4}));
  write_file(sweep.path / "runs/1-1/run.json", "{");
  Ablation lacking = analyze(sweep.plan, sweep.path);
  CHECK_THAT(join(notes_on(lacking), "\n"),
             Catch::Contains("lost: +a, \"b\" s1: ") && Catch::Contains("runs/1-1/run.json: damaged"));
  CHECK_THROWS_WITH(check_all_read(lacking, {.done = 4}), Catch::Contains("runs/1-1/run.json: damaged"));
  CHECK_NOTHROW(check_all_read(lacking, {.done = 3}));
}

TEST_CASE("a run much slower than its arm's others is told, and what that means", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25, 1.5}, {1.0, 1.25, 1.0}});
  auto told = [&] { return join(notes_on(analyze(sweep.plan, sweep.path)), "\n"); };
  CHECK_THAT(told(), !Catch::Contains("slow:"));
  fs::path summary = sweep.path / "runs/1-2/summary.json";
  Json slower = Json::parse(read_file(summary));
  slower["tok_s"] = 94.0;
  write_file(summary, slower.dump());
  CHECK_THAT(told(), Catch::Contains("slow: 1 of 6 runs") && Catch::Contains("s2 only 94%; times") &&
                         !Catch::Contains("scores"));
  sweep.plan.arms[1].seconds = 600;
  CHECK_THAT(told(), Catch::Contains("nor are scores: the budget is a time"));
}

TEST_CASE("a finding of several arms is told once", "[report]") {
  MadeUpSweep sweep({{1.5}, {1.25}, {1.0}});
  auto find = [&](int run, const std::string& reason) {
    fs::path file = sweep.path / sweep.plan.runs[size_t(run)].folder / "summary.json";
    Json summary = Json::parse(read_file(file));
    summary["effect_check"] = "partial";
    summary["effects"] = {{"int8", reason}};
    write_file(file, summary.dump());
  };
  auto told = [&] { return join(notes_on(analyze(sweep.plan, sweep.path)), "\n"); };
  find(0, "zeros");
  find(2, "zeros");
  CHECK_THAT(told(),
             Catch::Contains(sweep.plan.arms[0].label + ", " + sweep.plan.arms[2].label + ": int8: zeros"));
  find(1, "zeros");
  CHECK_THAT(told(), Catch::Contains("all arms: int8: zeros"));
}
