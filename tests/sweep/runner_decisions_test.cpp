// SPDX-License-Identifier: Apache-2.0
// What a sweep decides: what starts, what an end means, what is tried again and when it is over. Runs are
// made up and time does not pass, so that every order of events can be had.
#include <catch2/catch.hpp>

#include <caddie/error.h>

#include <csignal>

#include "support/fake_runs.h"
#include "sweep/race_state.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// A sweep over made-up runs.
struct Sweep {
  explicit Sweep(Plan made_up) : plan(std::move(made_up)), runs(plan) {
    options.folder = "results/made_up";
    hooks.changed = [this] { ++changes; };
  }
  RunnerResult go() { return schedule_runs(plan, options, limits, hooks, runs, transcript); }

  Plan plan;
  FakeRuns runs;
  RunnerOptions options;
  RunLimits limits;
  RunnerHooks hooks;
  Transcript transcript;
  int changes = 0;
};

using Deeds = std::vector<std::string>;

Script taking(int64_t peak_memory) {
  Script script;
  script.summary.peak_memory_bytes = peak_memory;
  return script;
}

Script scoring(double bpb) {
  Script script;
  script.summary.bpb = bpb;
  return script;
}

}  // namespace

TEST_CASE("runs start in the plan's order, as many at a time as the sweep may", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b", "c"}, {1, 2}));
  sweep.limits.jobs = 2;
  sweep.runs.scripts[0] = {{25}};
  RunnerResult result = sweep.go();
  CHECK(result.done == 6);
  CHECK(result.failed + result.lost + result.left == 0);
  CHECK_FALSE(result.interrupted);
  CHECK(sweep.runs.most_at_once == 2);
  CHECK(sweep.runs.deeds == Deeds{"start 0", "start 1", "start 2", "start 3", "start 4", "start 5"});
  CHECK(sweep.runs.started_at[2] == 10);  // when the first of the two has ended
  CHECK(sweep.runs.started_at[3] == 20);
  CHECK(sweep.changes == 7);  // after each run and at the end
}

TEST_CASE("a run that fails is recorded with its reason, and the others go on", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1}));
  sweep.runs.scripts[0] = {failing("the loss is not finite")};
  RunnerResult result = sweep.go();
  CHECK(result.done == 1);
  CHECK(result.failed == 1);
  CHECK(sweep.runs.deeds == Deeds{"start 0", "record 0: the loss is not finite", "start 1"});
  REQUIRE(sweep.transcript.said.size() == 2);
  CHECK(sweep.transcript.said[0] ==
        "failed  a s1: the loss is not finite; see results/made_up/runs/a-s1/log.txt");
}

TEST_CASE("a failure is tried again as often as the plan says", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1}));
  sweep.plan.run.retries = 2;
  SECTION("until it succeeds") {
    sweep.runs.scripts[0] = {failing("no luck"), failing("no luck")};
    RunnerResult result = sweep.go();
    CHECK(result.done == 2);
    CHECK(result.failed == 0);
    CHECK(sweep.runs.count("start 0") == 3);
    CHECK(sweep.runs.deeds[2] == "start 1");  // those that wait come first
  }
  SECTION("and no more often") {
    sweep.runs.scripts[0] = std::deque<Script>(5, failing("no luck"));
    RunnerResult result = sweep.go();
    CHECK(result.done == 1);
    CHECK(result.failed == 1);
    CHECK(sweep.runs.count("start 0") == 3);
  }
}

TEST_CASE("runs of earlier calls are counted, and only what failed or was lost is retried", "[sweep]") {
  Sweep sweep(made_up_plan({"done", "failed", "lost", "planned"}, {1}));
  sweep.runs.states = {{0, RunStatus::done}, {1, RunStatus::failed}, {2, RunStatus::lost}};
  SECTION("a sweep goes on with the lost and the planned ones") {
    RunnerResult result = sweep.go();
    CHECK(sweep.runs.deeds == Deeds{"start 2", "start 3"});
    CHECK(result.done == 3);
    CHECK(result.failed == 1);
  }
  SECTION("a retry with the failed and the lost ones") {
    sweep.options.retry = true;
    RunnerResult result = sweep.go();
    CHECK(sweep.runs.deeds == Deeds{"start 1", "start 2"});
    CHECK(result.done == 3);
    CHECK(result.failed == 0);
  }
  SECTION("a condition chooses among them") {
    sweep.options.only = "label == 'planned' or label == 'done'";
    RunnerResult result = sweep.go();
    CHECK(sweep.runs.deeds == Deeds{"start 3"});
    CHECK(result.done == 2);
    CHECK(result.failed == 0);
  }
}

TEST_CASE("asked to stop, a sweep lets runs save checkpoints and starts nothing more", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b", "c"}, {1}));
  sweep.limits.jobs = 2;
  sweep.plan.run.retries = 3;
  sweep.runs.stop_signals = {4};
  SECTION("they end soon and are left for a later call") {
    RunnerResult result = sweep.go();
    CHECK(result.interrupted);
    CHECK(result.left == 3);
    CHECK(result.failed + result.lost == 0);
    CHECK(sweep.runs.deeds == Deeds{"start 0", "start 1", "ask 0", "ask 1"});
    CHECK(sweep.runs.seconds() == 5);
    CHECK(sweep.transcript.said == Deeds{"stopping: 2 running, each saves a checkpoint or is killed after "
                                         "30 s; once more kills at once"});
  }
  SECTION("one that is done before it heeds counts as done") {
    sweep.runs.scripts[0] = {{4.5}};
    RunnerResult result = sweep.go();
    CHECK(result.done == 1);
    CHECK(result.left == 2);
  }
  SECTION("one that fails meanwhile has failed and is not tried again") {
    sweep.runs.scripts[0] = {failing("no luck", 4.5)};
    RunnerResult result = sweep.go();
    CHECK(result.failed == 1);
    CHECK(result.left == 2);
    CHECK(sweep.runs.count("start 0") == 1);
  }
  SECTION("one that does not heed is killed after half a minute, and is left, not lost") {
    sweep.runs.scripts[0] = {{.seconds = 1000, .heeds_requests = false}};
    RunnerResult result = sweep.go();
    CHECK(result.interrupted);
    CHECK(result.left == 3);
    CHECK(result.lost + result.failed == 0);
    CHECK(sweep.runs.deeds == Deeds{"start 0", "start 1", "ask 0", "ask 1", "kill 0"});
    CHECK(sweep.runs.seconds() > 4 + 30);
    CHECK(sweep.runs.seconds() < 4 + 32);
  }
  SECTION("time that a run has in any case gives it no more than that") {
    sweep.plan.run.timeout_seconds = 20;
    sweep.runs.scripts[0] = sweep.runs.scripts[1] = {{.seconds = 1000, .heeds_requests = false}};
    CHECK(sweep.go().failed == 2);
    CHECK(sweep.runs.count("kill 0") + sweep.runs.count("kill 1") == 2);
    CHECK(sweep.runs.seconds() < 4 + 32);
  }
  SECTION("asked once more it kills them, and they are left, not lost") {
    sweep.runs.stop_signals = {4, 6};
    sweep.runs.scripts[0] = {{.seconds = 1000, .heeds_requests = false}};
    RunnerResult result = sweep.go();
    CHECK(result.left == 3);
    CHECK(result.lost == 0);
    CHECK(sweep.runs.deeds == Deeds{"start 0", "start 1", "ask 0", "ask 1", "kill 0"});
    CHECK(sweep.runs.seconds() == 6);
  }
}

TEST_CASE("a run that is killed from outside is lost, and one that crashes has failed", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b", "c"}, {1}));
  sweep.runs.scripts[0] = {ended_by(SIGKILL)};
  sweep.runs.scripts[1] = {ended_by(SIGSEGV)};
  SECTION("both are counted") {
    RunnerResult result = sweep.go();
    CHECK(result.lost == 1);
    CHECK(result.failed == 1);
    CHECK(result.done == 1);
    CHECK(sweep.runs.deeds ==
          Deeds{"start 0", "start 1", "record 1: crashed: Segmentation fault", "start 2"});
    CHECK(sweep.transcript.says("lost    a s1: killed from outside; invoke the sweep again"));
  }
  SECTION("both are tried again where the plan says so") {
    sweep.plan.run.retries = 1;
    RunnerResult result = sweep.go();
    CHECK(result.done == 3);
    CHECK(result.lost + result.failed == 0);
  }
}

TEST_CASE("a run that somebody else stops goes on later, but not for ever", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1}));
  SECTION("once is no attempt") {
    sweep.plan.run.retries = 1;
    sweep.runs.scripts[0] = {stopped_outside(), failing("no luck")};
    RunnerResult result = sweep.go();
    CHECK(result.failed == 0);
    CHECK(result.done == 2);
    CHECK(sweep.runs.deeds == Deeds{"start 0", "start 1", "start 0", "record 0: no luck", "start 0"});
    CHECK(sweep.transcript.says("stopped a s1 from outside; it goes on later"));
  }
  SECTION("after ten stops it is left") {
    sweep.runs.scripts[0] = std::deque<Script>(20, stopped_outside());
    RunnerResult result = sweep.go();
    CHECK(result.left == 1);
    CHECK(result.done == 1);
    CHECK_FALSE(result.interrupted);
    CHECK(sweep.runs.count("start 0") == 11);
  }
}

TEST_CASE("a run that another process is at work on is waited for", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1}));
  sweep.runs.busy_until[0] = 30;
  SECTION("and started when that has stopped") {
    RunnerResult result = sweep.go();
    CHECK(result.done == 2);
    CHECK(sweep.runs.deeds == Deeds{"start 1", "start 0"});
    CHECK(sweep.runs.started_at[0] == 30);
  }
  SECTION("and counted, not started, when that has finished it") {
    sweep.runs.done_when_free = {0};
    RunnerResult result = sweep.go();
    CHECK(result.done == 2);
    CHECK(result.left == 0);
    CHECK(sweep.runs.deeds == Deeds{"start 1"});
    CHECK(sweep.transcript.says("a s1 was finished by another process"));
    CHECK(sweep.changes == 3);
  }
  SECTION("unless the sweep is asked to stop") {
    sweep.runs.stop_signals = {20};
    RunnerResult result = sweep.go();
    CHECK(result.interrupted);
    CHECK(result.left == 1);
    CHECK(sweep.runs.seconds() == 20);
  }
}

TEST_CASE("a run waits while another makes its training, and those behind it go first", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b", "c"}, {1}));
  sweep.limits.jobs = 2;
  sweep.runs.needs[1] = 0;
  CHECK(sweep.go().done == 3);
  CHECK(sweep.runs.deeds == Deeds{"start 0", "start 2", "start 1"});
  CHECK(sweep.runs.started_at[2] == 0);
  CHECK(sweep.runs.started_at[1] == 10);
}

TEST_CASE("when no process can be had the sweep ends with the error", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b", "c"}, {1}));
  sweep.limits.jobs = 2;
  sweep.runs.cannot_start = {1};
  CHECK_THROWS_WITH(sweep.go(), "cannot start a process: Resource temporarily unavailable");
  CHECK(sweep.runs.deeds == Deeds{"start 0"});
}

TEST_CASE("a run whose program cannot be executed has failed", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1}));
  sweep.runs.scripts[0] = {{.seconds = 0, .process = {127, 0}, .status = RunStatus::planned}};
  RunnerResult result = sweep.go();
  CHECK(result.failed == 1);
  CHECK(result.done == 1);
  CHECK(sweep.runs.count("record 0: the last words of its log") == 1);
}

TEST_CASE("a run that takes too long is asked to stop, then killed, and has failed", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1}));
  sweep.plan.run.timeout_seconds = 60;
  SECTION("when it heeds the request") {
    sweep.runs.scripts[0] = {{.seconds = 1000}};
    CHECK(sweep.go().failed == 1);
    CHECK(sweep.runs.deeds ==
          Deeds{"start 0", "ask 0", "record 0: timeout: not finished after 1m00s", "start 1"});
    CHECK(sweep.runs.started_at[1] < 65);
  }
  SECTION("when it does not") {
    sweep.runs.scripts[0] = {{.seconds = 1000, .heeds_requests = false}};
    CHECK(sweep.go().failed == 1);
    CHECK(sweep.runs.deeds ==
          Deeds{"start 0", "ask 0", "kill 0", "record 0: timeout: not finished after 1m00s", "start 1"});
    CHECK(sweep.runs.started_at[1] > 90);
    CHECK(sweep.runs.started_at[1] < 95);
  }
  SECTION("unless it was about to end well") {
    sweep.runs.scripts[0] = {{.seconds = 61.5}};
    RunnerResult result = sweep.go();
    CHECK(result.done == 2);
    CHECK(result.failed == 0);
    CHECK(sweep.runs.count("ask 0") == 1);
  }
}

TEST_CASE("a sweep can be limited in runs and in time", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b", "c", "d"}, {1}));
  SECTION("runs that start") {
    sweep.limits.max_runs = 3;
    sweep.runs.scripts[0] = {failing("no luck")};
    RunnerResult result = sweep.go();
    CHECK(result.done == 2);
    CHECK(result.failed == 1);
    CHECK(result.left == 1);
    CHECK_FALSE(result.interrupted);
  }
  SECTION("none at all") {
    sweep.limits.max_runs = 0;
    CHECK(sweep.go().left == 4);
    CHECK(sweep.runs.deeds.empty());
  }
  SECTION("seconds after which none starts, while those at work end") {
    sweep.limits.budget_seconds = 15;
    RunnerResult result = sweep.go();
    CHECK(result.done == 2);
    CHECK(result.left == 2);
    CHECK(sweep.runs.seconds() == 20);
  }
}

TEST_CASE("runs go side by side only where memory suffices for them", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1, 2}));
  sweep.limits.jobs = 4;
  sweep.limits.memory_bytes = 100;
  for (Arm& arm : sweep.plan.arms) arm.memory_bytes = 150;  // by estimate; one may always try
  for (size_t run : {0, 1, 2, 3}) sweep.runs.scripts[run] = {taking(40)};
  CHECK(sweep.go().done == 4);
  // What an arm took counts from then on: the second seeds fit beside each other.
  CHECK(sweep.runs.started_at[1] == 10);
  CHECK(sweep.runs.started_at[2] == 20);
  CHECK(sweep.runs.started_at[3] == 20);
  CHECK(sweep.runs.most_at_once == 2);
}

TEST_CASE("runs that results call for join the plan and its queue", "[sweep]") {
  Sweep sweep(made_up_plan({"a", "b"}, {1}));
  sweep.options.only = "label == 'a'";
  sweep.hooks.more = [&](const Plan& plan) {
    std::vector<PlannedRun> more;
    if (plan.runs.size() == 2 && sweep.runs.state(0).status == RunStatus::done)
      more = {{0, 2, "runs/a-s2"}, {1, 2, "runs/b-s2"}};
    return more;
  };
  RunnerResult result = sweep.go();
  CHECK(sweep.plan.runs.size() == 4);
  CHECK(sweep.runs.deeds == Deeds{"start 0", "freeze", "start 2"});  // b is not wanted now
  CHECK(result.done == 2);
  CHECK(result.left == 0);
}

TEST_CASE("a race asks for further seeds of the arms that are open, and of no others", "[sweep]") {
  Sweep sweep(made_up_plan({"baseline", "good", "bad", "close"}, {1, 2, 3, 4}));
  Plan& plan = sweep.plan;
  plan.runs.resize(2 * 4);  // those of the first look
  plan.claim.emplace();
  plan.race.emplace();
  plan.race->looks = {{2, 0.01, 0.9}, {4, 0.01, 0.9}};
  const double kScores[] = {2.0, 1.0, 3.0, 1.95};
  for (size_t arm = 0; arm < 4; ++arm)
    for (size_t seed = 0; seed < 4; ++seed)  // of the plan, then of those that join it in this order
      sweep.runs.scripts[4 * seed + arm] = {scoring(kScores[arm] + 0.05 * double(seed % 2))};
  // Only the baseline and the close one are left: runs 8 to 11 are theirs.
  sweep.runs.scripts[8] = sweep.runs.scripts[10] = {scoring(2.0)};
  sweep.runs.scripts[9] = sweep.runs.scripts[11] = {scoring(1.95)};
  sweep.hooks.more = [&](const Plan& now) { return next_runs(now, sweep.runs.all_states()); };
  RunnerResult result = sweep.go();
  REQUIRE(plan.runs.size() == 12);
  CHECK(result.done == 12);
  CHECK(sweep.runs.count("freeze") == 1);
  for (size_t run = 8; run < 12; ++run) {
    CHECK((plan.runs[run].arm == 0 || plan.runs[run].arm == 3));
    CHECK(plan.runs[run].seed >= 3);
  }
}

TEST_CASE("what a sweep shows names the runs at work and estimates the rest", "[sweep]") {
  Sweep quiet(made_up_plan({"a"}, {1})), sweep(made_up_plan({"a", "b"}, {1, 2}));
  CHECK(quiet.go().done == 1);
  CHECK(quiet.transcript.shown.empty());
  sweep.transcript.live = true;
  sweep.runs.needs[2] = 0;  // the same training
  sweep.runs.scripts[0] = {scoring(1.25)};
  sweep.runs.scripts[0].front().seconds = 8;
  CHECK(sweep.go().done == 4);
  REQUIRE_FALSE(sweep.transcript.shown.empty());
  CHECK(sweep.transcript.shown.front() ==
        Deeds{"[0/4] 1 running  3 queued  0 failed", "  a s1     0s  step 0"});
  CHECK(sweep.transcript.said[0] == "[1/4] done    a s1   val_bpb 1.25000   8s");
  // After it: b s1 and b s2 train, and a s2 takes as long too, as no run that only shares is known.
  auto second = std::find_if(sweep.transcript.shown.begin(), sweep.transcript.shown.end(),
                             [](const auto& lines) { return lines[0].starts_with("[1/4]"); });
  REQUIRE(second != sweep.transcript.shown.end());
  CHECK(second->front() == "[1/4] 1 running  2 queued  0 failed   ETA 24s");
}
