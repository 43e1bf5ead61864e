// SPDX-License-Identifier: Apache-2.0
// A sweep on a disk that fills up, decided without processes.
#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "support/fake_runs.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// An attempt that ends because the disk is full.
Script without_space(double seconds = 10) { return {seconds, {kDiskFull, 0}, RunStatus::planned}; }

}  // namespace

TEST_CASE("a full disk stops a sweep once, and the same command goes on with all that is left", "[sweep]") {
  Plan plan = made_up_plan({"a", "b", "c", "d"}, {1});
  plan.run.retries = 3;
  RunnerOptions options;
  RunLimits limits;
  Transcript transcript;
  RunnerHooks hooks;
  int changes = 0;
  hooks.changed = [&] { ++changes; };
  limits.jobs = 2;
  FakeRuns runs(plan);
  SECTION("those at work save checkpoints and end") {
    runs.scripts[1] = {without_space(4)};
    RunnerResult result = schedule_runs(plan, options, limits, hooks, runs, transcript);
    CHECK(result.disk_full);
    CHECK_FALSE(result.interrupted);
    CHECK(result.failed + result.lost + result.done == 0);
    CHECK(result.left == 4);
    CHECK(runs.deeds == std::vector<std::string>{"start 0", "start 1", "ask 0"});
    CHECK(transcript.said == std::vector<std::string>{"stopping: b s1 found the disk full; 1 running, each "
                                                      "saves a checkpoint if it can"});
    CHECK(changes == 0);  // No table is written on a full disk.
  }
  SECTION("those that find it full as well say nothing more") {
    runs.scripts[0] = {without_space(5)};
    runs.scripts[1] = {without_space(4)};
    RunnerResult result = schedule_runs(plan, options, limits, hooks, runs, transcript);
    CHECK(result.left == 4);
    CHECK(transcript.said.size() == 1);
  }
  RunnerResult again = schedule_runs(plan, options, limits, hooks, runs, transcript);
  CHECK(again.done == 4);
  CHECK_FALSE(again.disk_full);
}
