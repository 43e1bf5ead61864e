// SPDX-License-Identifier: Apache-2.0
// Which silences are stalls, decided without waiting for one.
#include <catch2/catch.hpp>

#include <thread>

#include "base/at_work.h"
#include "process/stall_watch.h"

using namespace caddie;

namespace {

/// Looks for `seconds` in which nothing is finished; returns after how many of them the work was said to
/// hang, or -1.
double hangs_after(StallJudge& judge, int64_t finished, double seconds) {
  for (double at = 1; at <= seconds; ++at)
    if (judge.hangs(1, finished, true)) return at;
  return -1;
}

}  // namespace

TEST_CASE("work hangs when nothing was finished for the least time and for much longer than before",
          "[process]") {
  StallJudge judge(60, 1);
  CHECK(hangs_after(judge, 0, 600) == -1);  // The first piece may take ten times as long.
  CHECK(hangs_after(judge, 1, 1) == -1);
  CHECK(judge.longest() == 600);
  StallJudge quick(60, 1);
  CHECK(hangs_after(quick, 0, 2) == -1);
  CHECK(hangs_after(quick, 1, 2) == -1);
  CHECK(hangs_after(quick, 2, 100) == 62);  // The look that sees the second piece counts no silence.
  StallJudge slow(60, 1);
  CHECK(hangs_after(slow, 0, 11) == -1);
  CHECK(hangs_after(slow, 1, 1000) == 222);  // This is 20 times the 11 seconds of the first piece.
  StallJudge never_began(60, 1);
  CHECK(hangs_after(never_began, 0, 1000) == 601);
}

TEST_CASE("time in which nobody worked or nobody looked is no stall", "[process]") {
  StallJudge judge(60, 1);
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(judge.hangs(1, 1, false));
  CHECK_FALSE(judge.hangs(3600, 1, true));  // The machine slept.
  CHECK(judge.silence() == 2);
}

TEST_CASE("a thread that works for a plugin is found from another one", "[process]") {
  CHECK(plugin_at_work_anywhere().empty());
  AtWork work({"a", "b", "branch", 3});
  std::string found;
  std::thread([&] { found = plugin_at_work_anywhere(); }).join();
  CHECK(found == "plugin 'a' (technique 'b') at branch of layer 3");
}
