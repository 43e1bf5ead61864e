// SPDX-License-Identifier: Apache-2.0
// How long the rest of a sweep takes, and how that is shown.
#include <catch2/catch.hpp>

#include <cmath>

#include "sweep/display.h"
#include "sweep/pace.h"

using namespace caddie;

TEST_CASE("nothing is known of the rest before the first run is done", "[sweep]") {
  Pace pace;
  CHECK(std::isnan(pace.seconds_left({{{true, 5}}, 3, 2, 1})));
}

TEST_CASE("trainings and runs that share one take what those before them took", "[sweep]") {
  Pace pace;
  pace.add(true, 10);
  pace.add(true, 30);
  CHECK(pace.seconds_left({{}, 3, 0, 1}) == Approx(60));
  CHECK(pace.seconds_left({{}, 3, 2, 1}) == Approx(100));  // for want of any that shared
  pace.add(false, 2);
  CHECK(pace.seconds_left({{}, 3, 2, 1}) == Approx(64));
  CHECK(pace.seconds_left({{}, 3, 2, 2}) == Approx(32));  // two at a time
  CHECK(pace.seconds_left({{{true, 5}, {false, 1}}, 0, 0, 1}) == Approx(16));
  CHECK(pace.seconds_left({{{true, 500}}, 1, 0, 1}) == Approx(20));  // a late one owes no time
}

TEST_CASE("where only shared runs are done, trainings take as long as they", "[sweep]") {
  Pace pace;
  pace.add(false, 4);
  CHECK(pace.seconds_left({{}, 2, 1, 1}) == Approx(12));
}

TEST_CASE("a sweep's status is a line on the whole and one on each run at work", "[sweep]") {
  SweepStatus status;
  status.result = {5, 1, 0, 0, false};
  status.waiting = 3;
  status.at_work = {{"a s1", 61, "step 5 of 10"}, {"longer s1", 2, ""}};
  status.seconds_left = 3600;
  CHECK(lines_of(status) == std::vector<std::string>{"[5/11] 2 running  3 queued  1 failed   ETA 1h00m",
                                                     "  a s1       1m01s  step 5 of 10",
                                                     "  longer s1     2s  "});
  status.result.lost = 2;
  status.seconds_left = NAN;
  CHECK(lines_of(status)[0] == "[5/13] 2 running  3 queued  1 failed  2 lost");
}

TEST_CASE("an end is one line that counts the runs", "[sweep]") {
  RunState state;
  state.summary.bpb = 1.234567;
  CHECK(text_of_done("a s1", state, 93.4, {5, 1, 1, 0, false}, 4) ==
        "[7/11] done    a s1   val_bpb 1.23457   1m33s");
  CHECK(text_of_failure("a s1", {RunOutcome::failed, "no luck"}, "log.txt") ==
        "failed  a s1: no luck; see log.txt");
  CHECK(text_of_failure("a s1", {RunOutcome::lost, "killed"}, "log.txt") ==
        "lost    a s1: killed; see log.txt");
}
