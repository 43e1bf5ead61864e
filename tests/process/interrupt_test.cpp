// SPDX-License-Identifier: Apache-2.0
// Being asked to stop. What a process heard it cannot forget, so each case is a process of its own.
#include <catch2/catch.hpp>

#include <caddie/error.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

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

TEST_CASE("work that goes on a second after it was asked to stop says how it ends, and no other does",
          "[process]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  auto printed_in = [&](unsigned seconds) {
    ChildEnd end = end_of([&] {
      ::dup2(ends[1], STDERR_FILENO);
      std::raise(SIGTERM);
      if (seconds > 0) ::sleep(seconds);  // An alarm ends the sleep.
      try {
        check_not_stopped("at step 3");
      } catch (const Error&) {
        ::sleep(seconds > 0 ? 0 : 2);
        return 0;
      }
      return 1;
    });
    CHECK(end.succeeded());
    REQUIRE(::write(ends[1], ".", 1) == 1);
    char text[200];
    return std::string(text, size_t(::read(ends[0], text, sizeof text)));
  };
  CHECK(printed_in(0) == ".");
  CHECK(printed_in(2) == "stopping after this step; once more ends it at once\n.");
}
