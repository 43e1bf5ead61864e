// SPDX-License-Identifier: Apache-2.0
// The child writes what it found into a pipe; one that ends without a word has crashed or left.
#include "laws/apart.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/stopwatch.h"
#include "process/child.h"

namespace caddie {
namespace {

/// Lets signals end the process at once, without the words that handlers of this program have for them.
void take_signals_plainly() {
  for (int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV}) std::signal(signal, SIG_DFL);
}

/// Writes the outcome as one character, and then why.
[[noreturn]] void tell_finding(const LawFinding& finding, int to) {
  std::string text = std::to_string(int(finding.outcome)) + finding.why;
  for (size_t at = 0; at < text.size();) {
    ssize_t written = write(to, text.data() + at, text.size() - at);
    if (written < 0 && errno != EINTR) break;
    at += size_t(std::max<ssize_t>(written, 0));
  }
  _exit(0);
}

/// Returns all that comes until the other end is closed; sets `late` when the time was up first.
std::string text_from(int descriptor, double seconds, bool& late) {
  Stopwatch clock;
  std::string text;
  char some[512];
  for (;;) {
    pollfd wanted = {descriptor, POLLIN, 0};
    int ready = poll(&wanted, 1, int(std::max(0.0, seconds - clock.seconds()) * 1000));
    if (ready < 0 && errno == EINTR) continue;
    late = ready <= 0;
    if (late) return text;
    ssize_t got = read(descriptor, some, sizeof some);
    if (got > 0) text.append(some, size_t(got));
    if (got == 0) return text;
  }
}

}  // namespace

LawFinding hold_apart(const Law& law, const Subject& subject, double seconds) {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC) == 0, "no pipe can be made");
  pid_t child = fork();
  check(child >= 0, "no process can be started");
  if (child == 0) {
    take_signals_plainly();
    tell_finding(hold_to(law, subject), ends[1]);
  }
  close(ends[1]);
  bool late = false;
  std::string text = text_from(ends[0], seconds, late);
  close(ends[0]);
  if (late) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  auto broken = [&](const std::string& why) {
    return LawFinding{LawFinding::Outcome::kBroken, subject.name() + ": " + why};
  };
  if (late) return broken(message("it did not return within {} s", {seconds}));
  ChildEnd end = end_of_status(status);
  if (end.signal != 0)
    return broken(message("it crashes with signal {} ({})", {end.signal, strsignal(end.signal)}));
  if (text.empty()) return broken(message("it ends the process with exit code {}", {end.code}));
  return {LawFinding::Outcome(text[0] - '0'), text.substr(1)};
}

}  // namespace caddie
