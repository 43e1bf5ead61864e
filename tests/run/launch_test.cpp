// SPDX-License-Identifier: Apache-2.0
// Ranks started on this machine: which code they end with, and what becomes of them when one fails.
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/files.h"
#include "base/stopwatch.h"
#include "process/interrupt.h"
#include "run/launch.h"
#include "support/data_support.h"

using namespace caddie;

namespace {

/// Each rank runs `script`, in which $rank is its number.
ChildCommand ranks_that(const std::string& script) {
  return {{"sh", "-c", "rank=$1; " + script}, "/dev/null", "/bin/sh"};
}

}  // namespace

TEST_CASE("ranks that are started on this machine end with the code of rank 0, or of one that failed",
          "[process]") {
  CHECK(run_ranks(ranks_that("exit 0"), 3) == 0);
  CHECK(run_ranks(ranks_that("[ $rank = 0 ] && exit 5; exit 0"), 3) == 5);
  CHECK(run_ranks(ranks_that("[ $rank = 1 ] && exit 5; exit 0"), 3) == 5);
  CHECK(run_ranks(ranks_that("kill -TERM $$"), 1) == 128 + SIGTERM);
}

TEST_CASE("when a rank fails the others have some seconds to end, and are killed then", "[process]") {
  Stopwatch clock;
  CHECK(run_ranks(ranks_that("[ $rank = 1 ] && exit 5; exec sleep 100"), 2, 0.3) == 128 + SIGKILL);
  CHECK(clock.seconds() >= 0.3);
  CHECK(clock.seconds() < 50);
  CHECK(run_ranks(ranks_that("[ $rank = 1 ] && exit 5; sleep 0.3; exit 4"), 2, 50) == 4);
  // One that was interrupted is no failure.
  clock.lap();
  CHECK(run_ranks(ranks_that("[ $rank = 1 ] && exit 130; sleep 0.5; exit 0"), 2, 0.1) == 0);
}

TEST_CASE("a signal is handed on to all ranks, and what it ended was interrupted", "[process]") {
  for (int signal : {SIGINT, SIGTERM}) {
    TemporaryFolder folder;
    std::string word = (folder.path() / "ready").string();
    pid_t launcher = ::fork();
    REQUIRE(launcher >= 0);
    if (launcher == 0) {
      std::signal(signal, SIG_DFL);
      ::_exit(run_ranks(ranks_that("touch " + word + "$rank; exec sleep 100"), 2));
    }
    Stopwatch clock;
    while (!(std::filesystem::exists(word + "0") && std::filesystem::exists(word + "1")) &&
           clock.seconds() < 20)
      ::usleep(1000);
    ::kill(launcher, signal);
    int status = 0;
    REQUIRE(::waitpid(launcher, &status, 0) == launcher);
    CHECK(end_of_status(status).code == kInterrupted);
    CHECK(clock.seconds() < 50);
  }
}
