// SPDX-License-Identifier: Apache-2.0
// What the end of a run's process means, case by case.
#include <catch2/catch.hpp>

#include <csignal>

#include "process/interrupt.h"
#include "sweep/run_end.h"

using namespace caddie;

namespace {

RunEnd end_with(ChildEnd process, RunStatus status = RunStatus::lost, const std::string& reason = "") {
  RunEnd end;
  end.process = process;
  end.state.status = status;
  end.state.reason = reason;
  end.state.damaged = status == RunStatus::lost && !reason.empty();
  end.last_words = "the last words";
  return end;
}

const RunRequests kNothing = {};
const RunRequests kStopping = {false, true, 0};
const RunRequests kTimedOut = {true, false, 90};

bool is(const EndVerdict& verdict, RunOutcome outcome, const std::string& reason) {
  INFO("outcome " << int(verdict.outcome) << ", reason " << verdict.reason);
  CHECK(verdict.outcome == outcome);
  CHECK(verdict.reason == reason);
  return verdict.outcome == outcome && verdict.reason == reason;
}

}  // namespace

TEST_CASE("results count whatever became of the process", "[sweep]") {
  for (const ChildEnd& process : {ChildEnd{0, 0}, ChildEnd{1, 0}, ChildEnd{0, SIGKILL}})
    for (const RunRequests& requests : {kNothing, kStopping, kTimedOut})
      is(judge(end_with(process, RunStatus::done), requests), RunOutcome::done, "");
}

TEST_CASE("a run that was stopped can go on, whoever asked it to", "[sweep]") {
  for (const RunRequests& requests : {kNothing, kStopping})
    is(judge(end_with({kInterrupted, 0}, RunStatus::planned), requests), RunOutcome::stopped, "");
  // A signal of that number is not the code.
  CHECK(judge(end_with({kInterrupted, SIGSEGV}), kNothing).outcome == RunOutcome::failed);
}

TEST_CASE("a full disk is no failure of the run that finds it", "[sweep]") {
  for (RunStatus status : {RunStatus::planned, RunStatus::lost, RunStatus::failed})
    for (const RunRequests& requests : {kNothing, kStopping})
      is(judge(end_with({kDiskFull, 0}, status), requests), RunOutcome::no_space, "");
  CHECK(judge(end_with({kDiskFull, SIGSEGV}), kNothing).outcome == RunOutcome::failed);
}

TEST_CASE("a run that another process has taken up is neither failed nor lost", "[sweep]") {
  for (const ChildEnd& process : {ChildEnd{2, 0}, ChildEnd{0, SIGKILL}, ChildEnd{0, SIGSEGV}})
    is(judge(end_with(process, RunStatus::running), kNothing), RunOutcome::stopped, "");
}

TEST_CASE("who killed a run decides whether it is lost", "[sweep]") {
  for (int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    is(judge(end_with({0, signal}), kStopping), RunOutcome::stopped, "");
    is(judge(end_with({0, signal}), kNothing), RunOutcome::lost,
       "killed from outside; invoke the sweep again to go on from its checkpoint");
    is(judge(end_with({0, signal}), kTimedOut), RunOutcome::failed, "timeout: not finished after 1m30s");
  }
}

TEST_CASE("a run that took too long has failed, however it ended", "[sweep]") {
  for (const ChildEnd& process : {ChildEnd{kInterrupted, 0}, ChildEnd{1, 0}, ChildEnd{0, SIGSEGV}})
    is(judge(end_with(process), kTimedOut), RunOutcome::failed, "timeout: not finished after 1m30s");
}

TEST_CASE("a failure has the reason that says most", "[sweep]") {
  RunEnd stale = end_with({0, 0}, RunStatus::planned, "its own reason");
  stale.state.stale = true;
  is(judge(stale, kNothing), RunOutcome::failed,
     "the program, a plugin or the data changed while the sweep was running");
  is(judge(end_with({0, SIGSEGV}, RunStatus::failed, "its own reason"), kNothing), RunOutcome::failed,
     "crashed: Segmentation fault");
  RunEnd telling = end_with({0, SIGSEGV});
  telling.last_words = "plugin 'a': crashed with signal 11 (Segmentation fault)";
  is(judge(telling, kNothing), RunOutcome::failed, telling.last_words);
  is(judge(end_with({1, 0}, RunStatus::failed, "its own reason"), kNothing), RunOutcome::failed,
     "its own reason");
  is(judge(end_with({1, 0}), kNothing), RunOutcome::failed, "the last words");
  is(judge(end_with({0, 0}), kNothing), RunOutcome::failed, "the last words");  // it left no results
}
