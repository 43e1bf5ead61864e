// SPDX-License-Identifier: Apache-2.0
// Child processes: how they are started, how their ends are told, and that none is left behind.
#include <catch2/catch.hpp>

#include <caddie/error.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "base/files.h"
#include "base/stopwatch.h"
#include "process/child_set.h"
#include "support/data_support.h"

using namespace caddie;

namespace {

constexpr double kPatience = 20;  // seconds for what takes milliseconds on a quiet machine

ChildCommand shell_script(const std::string& script, const std::filesystem::path& log = "/dev/null") {
  return {{"sh", "-c", script}, log, "/bin/sh"};
}

/// Waits for all children; their ends by key.
std::map<size_t, ChildEnd> ends_of(ChildSet& children) {
  std::map<size_t, ChildEnd> ends;
  Stopwatch clock;
  while (!children.empty()) {
    REQUIRE(clock.seconds() < kPatience);
    if (ChildSet::Event event = children.wait(1); event.ended) ends[event.ended->key] = event.ended->how;
  }
  return ends;
}

/// Waits until a child has written a line that says it is ready.
void wait_for_word(const std::filesystem::path& log) {
  Stopwatch clock;
  while (!std::filesystem::exists(log) || read_file(log).find('\n') == std::string::npos) {
    REQUIRE(clock.seconds() < kPatience);
    ::usleep(1000);
  }
}

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("each child's end is told once, under its key", "[process]") {
  ChildSet children;
  children.start(7, {{"true"}, {}, "/bin/true"});
  children.start(3, {{"false"}, {}, "/bin/false"});
  children.start(5, shell_script("exit 42"));
  children.start(4, shell_script("kill -KILL $$"));
  CHECK(children.size() == 4);
  std::map<size_t, ChildEnd> ends = ends_of(children);
  REQUIRE(ends.size() == 4);
  CHECK(ends[7].succeeded());
  CHECK(ends[3].shell_code() == 1);
  CHECK(ends[5].code == 42);
  CHECK_FALSE(ends[5].succeeded());
  CHECK(ends[4].signal == SIGKILL);
  CHECK(ends[4].shell_code() == 137);
  CHECK_FALSE(ends[4].succeeded());
  ChildSet::Event nothing = children.wait(0);
  CHECK(nothing.stop_signal == 0);
  CHECK_FALSE(nothing.ended);
}

TEST_CASE("a child's output is added to its log", "[process]") {
  TemporaryFolder folder;
  std::filesystem::path log = folder.path() / "log.txt";
  write_file(log, "before\n");
  ChildSet children;
  children.start(0, shell_script("read -r line || echo no input; echo heard >&2", log));
  ends_of(children);
  CHECK(read_file(log) == "before\nno input\nheard\n");
}

TEST_CASE("what cannot be started is an error or ends with 127", "[process]") {
  ChildSet children;
  CHECK_THROWS_WITH(children.start(0, shell_script("true", "/nowhere/log.txt")),
                    Catch::Contains("/nowhere/log.txt: cannot open it for writing"));
  CHECK(children.empty());
  children.start(0, {{"none"}, {}, "/nowhere/none"});
  CHECK(ends_of(children)[0].code == 127);
}

TEST_CASE("a signal reaches the child that it is for, or all", "[process]") {
  TemporaryFolder folder;
  ChildSet children;
  for (size_t key : {0, 1, 2}) children.start(key, {{"sleep", "100"}, {}, "/bin/sleep"});
  children.signal(9, SIGKILL);  // of no child
  children.signal(1, SIGKILL);
  Stopwatch clock;
  ChildSet::Event event;
  while (!event.ended && clock.seconds() < kPatience) event = children.wait(1);
  REQUIRE(event.ended);
  CHECK(event.ended->key == 1);
  CHECK(children.size() == 2);
  children.signal_all(SIGTERM);
  std::map<size_t, ChildEnd> ends = ends_of(children);
  CHECK(ends[0].signal == SIGTERM);
  CHECK(ends[2].signal == SIGTERM);
  CHECK(ends.size() == 2);
}

TEST_CASE("waiting ends when nothing happens for a while", "[process]") {
  ChildSet children;
  children.start(0, {{"sleep", "100"}, {}, "/bin/sleep"});
  Stopwatch clock;
  ChildSet::Event event = children.wait(0.05);
  CHECK(clock.seconds() >= 0.04);
  CHECK(event.stop_signal == 0);
  CHECK_FALSE(event.ended);
  CHECK(children.size() == 1);
}

TEST_CASE("a signal to the parent is told before ends that came with it", "[process]") {
  ChildSet children;
  children.start(0, {{"true"}, {}, "/bin/true"});
  Stopwatch clock;
  siginfo_t info = {};
  REQUIRE(::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0);
  for (int signal : {SIGTERM, SIGINT}) {
    ::kill(::getpid(), signal);
    CHECK(children.wait(kPatience).stop_signal == signal);
  }
  CHECK(children.wait(kPatience).ended);
  CHECK(clock.seconds() < kPatience);
}

TEST_CASE("no child outlives its set", "[process]") {
  TemporaryFolder folder;
  std::filesystem::path log = folder.path() / "log.txt";
  auto child_of_set = [&](double patience, const std::string& on_term) {
    std::filesystem::remove(log);
    ChildSet children(patience);
    children.start(
        0, shell_script("trap '" + on_term + "' TERM; echo $$; while true; do sleep 0.01; done", log));
    wait_for_word(log);
    return pid_t(std::stoi(read_file(log)));
  };
  SECTION("without patience it is killed at once") {
    pid_t child = child_of_set(0, "echo asked");
    CHECK_FALSE(is_alive(child));
    CHECK(read_file(log).find("asked") == std::string::npos);
  }
  SECTION("with patience it may end in good order") {
    pid_t child = child_of_set(kPatience, "echo asked; exit 0");
    CHECK_FALSE(is_alive(child));
    CHECK(read_file(log).find("asked") != std::string::npos);
  }
  SECTION("one that does not heed the request is killed when patience ends") {
    Stopwatch clock;
    pid_t child = child_of_set(0.2, "echo asked");
    CHECK_FALSE(is_alive(child));
    CHECK(clock.seconds() >= 0.2);
    CHECK(read_file(log).find("asked") != std::string::npos);
  }
}

TEST_CASE("ends are told to a program that was started with SIGCHLD ignored", "[process]") {
  auto before = std::signal(SIGCHLD, SIG_IGN);
  {
    ChildSet children;
    children.start(0, shell_script("exit 9"));
    CHECK(ends_of(children)[0].code == 9);
  }
  std::signal(SIGCHLD, before);
}

TEST_CASE("children have the signal mask of before, and a process group of their own", "[process]") {
  TemporaryFolder folder;
  std::filesystem::path log = folder.path() / "log.txt";
  ChildSet children;
  children.start(0, shell_script("grep SigBlk /proc/self/status; echo $$; "
                                 "cut -d' ' -f5 /proc/$$/stat",
                                 log));
  CHECK(ends_of(children)[0].succeeded());
  std::string text = read_file(log);
  std::string own_mask = "SigBlk:\t0000000000000000\n";
  REQUIRE(text.starts_with(own_mask));
  std::string rest = text.substr(own_mask.size());
  std::string pid = rest.substr(0, rest.find('\n'));
  CHECK(rest == pid + "\n" + pid + "\n");
}
