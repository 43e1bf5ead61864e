// SPDX-License-Identifier: Apache-2.0
// The child writes what it found into a pipe; one that ends without a word has crashed or left.
#include "laws/apart.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "process/forked.h"

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

}  // namespace

LawFinding hold_apart(const Law& law, const Subject& subject, double seconds) {
  auto look = [&](int pipe) {
    take_signals_plainly();
    tell_finding(hold_to(law, subject), pipe);
  };
  std::optional<ChildWords> words = words_of_child(look, seconds);
  check(words.has_value(), "no process can be started");
  auto broken = [&](const std::string& why) {
    return LawFinding{LawFinding::Outcome::kBroken, subject.name() + ": " + why};
  };
  if (words->late) return broken(message("it did not return within {} s", {seconds}));
  if (int signal = words->end.signal; signal != 0)
    return broken(message("it crashes with signal {} ({})", {signal, strsignal(signal)}));
  if (words->text.empty()) return broken(message("it ends the process with exit code {}", {words->end.code}));
  return {LawFinding::Outcome(words->text[0] - '0'), words->text.substr(1)};
}

}  // namespace caddie
