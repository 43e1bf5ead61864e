// SPDX-License-Identifier: Apache-2.0
#include "sweep/conclusion.h"

#include <catch2/catch.hpp>

using namespace caddie;

namespace {

Conclusion end_of(const RunnerResult& result, std::optional<bool> claim = {}) {
  return conclude(result, 8, "results/x", "the same command goes on", claim);
}

}  // namespace

TEST_CASE("a sweep whose runs are all done is fine", "[sweep]") {
  Conclusion end = end_of({8, 0, 0, 0});
  CHECK(end.code == kFine);
  CHECK(end.error.empty());
  CHECK(end.note.empty());
  CHECK(end_of({8, 0, 0, 0}, true).code == kFine);
}

TEST_CASE("runs that are left are told and no failure", "[sweep]") {
  Conclusion end = end_of({5, 0, 0, 3});
  CHECK(end.code == kFine);
  CHECK(end.note ==
        "3 runs left, as their number or time was limited or others stopped them; the same command goes on");
}

TEST_CASE("an interruption comes before everything else", "[sweep]") {
  RunnerResult result{2, 1, 1, 4, true};
  CHECK(end_of(result, false).code == kInterrupted);
  CHECK(end_of(result, false).error == "interrupted with 4 runs left; the same command goes on");
}

TEST_CASE("a full disk comes before what went wrong with runs", "[sweep]") {
  RunnerResult result{2, 1, 1, 4, false, true};
  CHECK(end_of(result, false).code == kDiskFull);
  CHECK(end_of(result, false).error ==
        "results/x: the disk is full, with 4 runs left; free space, then the same command goes on");
  result.interrupted = true;
  CHECK(end_of(result).code == kInterrupted);
}

TEST_CASE("what went wrong with runs comes before the claim", "[sweep]") {
  CHECK(end_of({6, 1, 1, 0}, false).code == kFailed);
  CHECK(end_of({6, 1, 1, 0}, false).error ==
        "1 of 8 runs were killed from outside, 1 failed; the same command goes on");
  CHECK(end_of({6, 2, 0, 0}, false).error ==
        "2 of 8 runs failed; see caddie status results/x, then caddie retry results/x");
  Conclusion both = end_of({4, 2, 0, 2});
  CHECK(both.code == kFailed);
  CHECK_FALSE(both.note.empty());
}

TEST_CASE("a claim that is not met has a code of its own", "[sweep]") {
  CHECK(end_of({8, 0, 0, 0}, false).code == kClaimNotMet);
  CHECK(end_of({8, 0, 0, 0}, false).error == "the claim is not met");
}
