// SPDX-License-Identifier: Apache-2.0
// The state of a run, read from its folder.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "results/claim.h"
#include "support/temporary_folder.h"
#include "sweep/plan.h"
#include "sweep/run_state.h"

using namespace caddie;

TEST_CASE("the state of a run is what its folder says", "[sweep]") {
  TemporaryFolder scratch;
  Plan plan;
  plan.arms.push_back({"baseline", "baseline", {}, {}, {}, {}, "", "group-a"});
  plan.runs.push_back({0, 5, "runs/a"});
  auto state = [&] { return state_of(plan, plan.runs[0], scratch.path()); };
  const std::string record = R"({"group": "group-a", "seed": 5})";

  CHECK(state().status == RunStatus::planned);
  scratch.write("runs/a/experiment.toml", "");
  CHECK(state().status == RunStatus::planned);
  {
    std::optional<FolderClaim> claim = FolderClaim::take(scratch / "runs/a");
    REQUIRE(claim);
    for (const char* status : {"done", "failed", "running"}) {
      scratch.write("runs/a/summary.json", std::string(R"({"status": ")") + status + "\"}");
      CHECK(state().status == RunStatus::running);
    }
    std::filesystem::remove(scratch / "runs/a/summary.json");
  }
  CHECK(state().status == RunStatus::planned);  // its process ended in good order
  scratch.write("runs/a/lock", "");
  CHECK(state().status == RunStatus::lost);  // its process ended and left nothing
  CHECK(state().reason == "it has no summary.json: it was killed, or the file was deleted");
  CHECK_FALSE(state().files_tell_why());
  scratch.write("runs/a/summary.json", R"({"status": "failed", "fail_reason": "loss is nan"})");
  CHECK(state().status == RunStatus::failed);
  CHECK(state().reason == "loss is nan");
  scratch.write("runs/a/summary.json", R"({"status": "done", "val_bpb": 1.5})");
  CHECK(state().status == RunStatus::lost);  // what produced it is not known any more
  scratch.write("runs/a/run.json", record);
  CHECK(state().status == RunStatus::done);
  CHECK(state().summary.bpb == 1.5);
  scratch.write("runs/a/run.json", R"({"group": "group-a", "seed": "5"})");
  CHECK(state().status == RunStatus::lost);
  CHECK_THAT(state().reason, Catch::Contains("runs/a/run.json: damaged: not the record of a run"));
  for (const char* other : {R"({"status": 5})", "{}", R"({"group": "group-a"})"}) {
    scratch.write("runs/a/run.json", other);
    CHECK(state().status == RunStatus::lost);
    CHECK(state().files_tell_why());
    CHECK_THAT(state().reason,
               Catch::Contains("runs/a/run.json: damaged: not the record of a run: it has ") &&
                   Catch::EndsWith("start the run over with --fresh"));
  }
  scratch.write("runs/a/run.json", record);
  std::filesystem::remove(scratch / "runs/a/lock");
  scratch.write("runs/a/summary.json", R"({"status": "stopped"})");
  CHECK(state().status == RunStatus::planned);
  scratch.write("runs/a/summary.json", R"({"status": "running"})");
  CHECK(state().status == RunStatus::lost);  // it was begun, and did not say that it stopped
  scratch.write("runs/a/summary.json", R"({"status": "do)");
  CHECK(state().status == RunStatus::lost);  // nobody writes half a file, but a disk may lose one
}

TEST_CASE("results of another experiment do not count", "[sweep]") {
  TemporaryFolder scratch;
  Plan plan;
  plan.arms.push_back({"baseline", "baseline", {}, {}, {}, {}, "", "group-a"});
  plan.runs.push_back({0, 5, "runs/a"});
  scratch.write("runs/a/summary.json", R"({"status": "done", "val_bpb": 1.5})");
  scratch.write("runs/a/run.json", R"({"group": "group-b", "seed": 5})");
  RunState state = state_of(plan, plan.runs[0], scratch.path());
  CHECK(state.stale);
  CHECK(state.status == RunStatus::planned);
  CHECK_FALSE(state.summary.is_there());
  scratch.write("runs/a/run.json", R"({"group": "group-a", "seed": 6})");
  CHECK(state_of(plan, plan.runs[0], scratch.path()).stale);
}

TEST_CASE("the reason of a failure is the last error of the log", "[sweep]") {
  TemporaryFolder scratch;
  CHECK(error_in_log(scratch.path()) == "it left no message");
  scratch.write("log.txt", "step 1\nerror: first\nstep 2\nerror: data/x.bin: truncated\n --> x\n\n");
  CHECK(error_in_log(scratch.path()) == "data/x.bin: truncated");
  CHECK(last_log_line(scratch.path()) == " --> x");
  scratch.write("log.txt", std::string(100000, 'x') + "\nstep 9\n");
  CHECK(error_in_log(scratch.path()) == "step 9");
  scratch.write("log.txt", "error: first\nerror: ");
  CHECK(error_in_log(scratch.path()) == "first");
}
