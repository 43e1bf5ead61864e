// SPDX-License-Identifier: Apache-2.0
// Being asked to stop. What a process heard it cannot forget, so each case is a process of its own.
#include <catch2/catch.hpp>

#include <caddie/error.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "process/child.h"
#include "process/interrupt.h"

using namespace caddie;

namespace {

/// How a process ends that listens for signals and does what `body` says, whose result is its exit code.
ChildEnd end_of(const std::function<int()>& body) {
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
    stop_on_signals();
    ::_exit(body());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return end_of_status(status);
}

}  // namespace

TEST_CASE("nobody is asked to stop before a signal comes", "[process]") {
  CHECK(end_of([] {
          check_not_stopped("at step 3");
          return stop_asked() ? 1 : 0;
        }).succeeded());
}

TEST_CASE("SIGINT and SIGTERM ask to stop, once however many follow at once", "[process]") {
  for (int signal : {SIGINT, SIGTERM}) {
    ChildEnd end = end_of([&] {
      for (int i = 0; i < 3; ++i) std::raise(signal);
      if (!stop_asked()) return 1;
      try {
        check_not_stopped("at step 3");
      } catch (const Error& error) {
        bool says_so =
            error.what() == std::string("interrupted at step 3; run the same command again to go on");
        return says_so ? error.code() : 2;
      }
      return 3;
    });
    CHECK(end.signal == 0);
    CHECK(end.code == kInterrupted);
  }
}

TEST_CASE("a later signal ends the program at once", "[process]") {
  ChildEnd end = end_of([] {
    std::raise(SIGINT);
    ::sleep(2);
    std::raise(SIGINT);
    return 0;
  });
  CHECK(end.signal == SIGINT);
}
