// SPDX-License-Identifier: Apache-2.0
// The child writes what it found into a pipe; one that ends without a word has crashed or left.
#include "laws/apart.h"

#include <dlfcn.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>

#include "base/at_work.h"
#include "plugin/sanitize.h"
#include "process/forked.h"
#include "process/last_words.h"

namespace caddie {
namespace {

constexpr unsigned kLongestPlace = 256;
int pipe_of_child = -1;  // where the handler of a signal writes to

/// Writes where in the model the plugin was at work, and lets the signal end the process. It does only what
/// a signal handler may.
void tell_place(int signal) {
  char place[kLongestPlace];
  Worker worker = at_work();
  worker.plugin = worker.label = nullptr;
  describe(worker, place, sizeof place);
  [[maybe_unused]] ssize_t written = write(pipe_of_child, place, std::strlen(place));
  std::signal(signal, SIG_DFL);
  raise(signal);
}

/// Makes signals tell the place into the pipe, in place of the words that handlers of this program have for
/// them. Sanitizers have handlers of their own, whose reports say more.
void tell_places_of_crashes() {
  if (dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init")) return;
  for (int signal : kCrashSignals) {
    struct sigaction action = {};
    action.sa_handler = tell_place;
    action.sa_flags = SA_ONSTACK;
    sigaction(signal, &action, nullptr);
  }
}

/// Makes this process tell the place and end when so many seconds are over. It is a signal of its own, so
/// that sanitizers leave it alone.
void end_after(double seconds) {
  std::signal(SIGALRM, tell_place);
  double whole = std::floor(seconds);
  itimerval once = {};
  once.it_value.tv_sec = time_t(whole);
  once.it_value.tv_usec = std::max<suseconds_t>(suseconds_t((seconds - whole) * 1e6), whole > 0 ? 0 : 1);
  setitimer(ITIMER_REAL, &once, nullptr);
}

/// Says how a child ended that told no finding.
std::string end_in_words(const ChildWords& words) {
  if (int signal = words.end.signal; signal != 0)
    return message("it crashes with signal {} ({}){}", {signal, strsignal(signal), words.text});
  if (words.end.code == kSanitizerExit) return "a sanitizer ends it; what that reports stands above";
  return message("it ends the process with exit code {}", {words.end.code});
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
  constexpr double kGrace = 5;  // A child that cannot tell where it is gets so many seconds more.
  auto look = [&](int pipe) {
    pipe_of_child = pipe;
    tell_places_of_crashes();
    end_after(seconds);
    tell_finding(hold_to(law, subject), pipe);
  };
  std::optional<ChildWords> words = words_of_child(look, seconds + kGrace);
  check(words.has_value(), "no process can be started");
  auto broken = [&](const std::string& why) {
    return LawFinding{LawFinding::Outcome::kBroken, subject.name() + ": " + why};
  };
  if (words->late || words->end.signal == SIGALRM)
    return broken(message("it did not return within {} s{}", {seconds, words->text}));
  if (!words->end.succeeded() || words->text.empty()) return broken(end_in_words(*words));
  return {LawFinding::Outcome(words->text[0] - '0'), words->text.substr(1)};
}

}  // namespace caddie
