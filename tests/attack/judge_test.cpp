// SPDX-License-Identifier: Apache-2.0
// The judge of the attack tool: what was seen of the program becomes a verdict.
#include "attack/judge.h"

#include <catch2/catch.hpp>

#include <signal.h>

using namespace caddie::attack;

namespace {

Step fine() { return {"run", {}}; }

Step refusing(const std::string& err) { return {"run", {.code = 1, .err = err}}; }

Step ended_by(int signal, bool stopped) { return {"run", {.signal = signal, .stopped = stopped}}; }

Verdict verdict_of(std::vector<Step> steps) { return judge(steps).verdict; }

}  // namespace

TEST_CASE("an attacked command that comes to the reference's results is right", "[attack]") {
  CHECK(verdict_of({fine()}) == Verdict::kRight);
  CHECK(verdict_of({ended_by(SIGKILL, true), fine()}) == Verdict::kRight);
}

TEST_CASE("a clear error is a refusal, an unclear one poor", "[attack]") {
  CHECK(verdict_of({refusing("error: r/summary.json: damaged\n"), fine()}) == Verdict::kRefused);
  CHECK(verdict_of({refusing("step 1\rerror: train.threads: too many\n"), fine()}) == Verdict::kRefused);
  CHECK(verdict_of({refusing(""), fine()}) == Verdict::kPoor);
  CHECK(verdict_of({refusing("error: it failed\n"), fine()}) == Verdict::kPoor);
  CHECK(verdict_of({refusing("error: a/b: x\nerror: a/b: y\n"), fine()}) == Verdict::kPoor);
  CHECK(verdict_of({refusing("error: a/b: basic_string::substr\n"), fine()}) == Verdict::kPoor);
}

TEST_CASE("no message is asked of a process without stderr, nor of one that was interrupted", "[attack]") {
  Step mute = refusing("");
  mute.mute = true;
  CHECK(verdict_of({mute, fine()}) == Verdict::kRefused);
  Step interrupted = {"run", {.code = 130, .stopped = true}};
  CHECK(verdict_of({interrupted, fine()}) == Verdict::kRight);
}

TEST_CASE("other results are silently wrong unless the output names what is damaged", "[attack]") {
  Step other = fine();
  other.difference = "weights differ";
  CHECK(verdict_of({other, fine()}) == Verdict::kSilentlyWrong);
  other.said = true;
  CHECK(verdict_of({other, fine()}) == Verdict::kRight);
  CHECK(verdict_of({fine(), other}) == Verdict::kLost);
}

TEST_CASE("what does not come right when the fault is gone is lost", "[attack]") {
  CHECK(verdict_of({fine(), refusing("error: r/lock: taken\n")}) == Verdict::kLost);
}

TEST_CASE("crashes and hangs are worse than all else", "[attack]") {
  CHECK(verdict_of({ended_by(SIGSEGV, false), fine()}) == Verdict::kCrashed);
  CHECK(verdict_of({refusing("internal error: x\n"), fine()}) == Verdict::kCrashed);
  CHECK(verdict_of({refusing("==1==ERROR: AddressSanitizer: x\n"), fine()}) == Verdict::kCrashed);
  Step hung = ended_by(SIGKILL, true);
  hung.end.hung = true;
  CHECK(verdict_of({ended_by(SIGSEGV, false), hung, refusing("")}) == Verdict::kHung);
}

TEST_CASE("only what is lost, wrong, crashed or hung fails the tool", "[attack]") {
  CHECK_FALSE(is_failure(Verdict::kRefused));
  CHECK_FALSE(is_failure(Verdict::kPoor));
  CHECK(is_failure(Verdict::kLost));
  CHECK(is_failure(Verdict::kHung));
}
