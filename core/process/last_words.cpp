// SPDX-License-Identifier: Apache-2.0
// Handlers of signals and of exit() write one line with write(), as neither may do more.
#include "process/last_words.h"

#include <caddie/abi.h>
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/at_work.h"
#include "base/exit_code.h"

namespace caddie {
namespace {

constexpr int kCrashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
struct sigaction actions_before[NSIG];

constexpr unsigned kLongestLine = 512;

std::atomic<bool> exit_is_refused = false;

/// Writes the parts as one line below what stands on the terminal's last line.
void say(std::initializer_list<const char*> parts) {
  char line[kLongestLine] = "";
  size_t length = 0;
  auto add = [&](const char* part) {
    while (*part && length + 1 < sizeof line) line[length++] = *part++;
  };
  if (::isatty(STDERR_FILENO)) add("\n");
  for (const char* part : parts) add(part);
  line[length++] = '\n';
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line, length);
}

/// Writes a number from 0 to 999 in digits.
struct Digits {
  char text[4] = "";
  explicit Digits(int number) {
    char* at = text;
    if (number >= 100) *at++ = char('0' + number / 100 % 10);
    if (number >= 10) *at++ = char('0' + number / 10 % 10);
    *at = char('0' + number % 10);
  }
};

void on_crash(int signal, siginfo_t* info, void*) {
  ::sigaction(signal, &actions_before[signal], nullptr);
  char who[kLongestLine / 2];
  bool plugin = describe(at_work(), who, sizeof who);
  const char* what = ::sigdescr_np(signal);
  Digits number(signal);
  if (plugin)
    say({"error: ", who, ": ", kCrashWords, number.text, " (", what ? what : "unknown", ")"});
  else
    say({"error: ", kCrashWords, number.text, " (", what ? what : "unknown", ")", *who ? " in " : "", who});
  // An instruction that caused the signal causes it again; one that was sent has to be sent again.
  if (info->si_code <= 0) ::raise(signal);
}

using Ending = void (*)(int);
Ending next_exit = nullptr;  // what _exit() would be without the one below
pid_t refusing_process = 0;

[[noreturn]] void end_at_once(int code) {
  if (next_exit) next_exit(code);
  for (;;) ::syscall(SYS_exit_group, code);
}

void on_exit_call(int code, void*) {
  if (!exit_is_refused) return;
  char who[kLongestLine / 2];
  bool plugin = describe(at_work(), who, sizeof who);
  Digits number(code & 0xff);
  if (plugin)
    say({"error: ", who, ": ended the program by exit(", number.text, ") instead of returning"});
  else
    say({"error: the program was ended by exit(", number.text, ") in the middle of its work"});
  end_at_once(kPluginRefused);
}

/// Refuses the end of the process where a plugin asks for it in the program itself: a child that was forked
/// ends as it likes. Several threads may ask at once, of whom each is refused.
void refuse_end(int code) {
  char who[kLongestLine / 2];
  if (::getpid() == refusing_process && describe(at_work(), who, sizeof who)) on_exit_call(code, nullptr);
}

/// Ends the process by the function of that name in the C library, unless that is refused.
[[noreturn]] void end_by(const char* name, int code) {
  refuse_end(code);
  if (auto next = reinterpret_cast<Ending>(::dlsym(RTLD_NEXT, name))) next(code);
  end_at_once(code);
}

}  // namespace

void name_crashes() {
  // A stack that has overflowed has no room for the handler. This is the main thread's other one.
  static char other_stack[1 << 16];
  stack_t before = {};
  if (::sigaltstack(nullptr, &before) == 0 && (before.ss_flags & SS_DISABLE)) {
    stack_t own = {};
    own.ss_sp = other_stack;
    own.ss_size = sizeof other_stack;
    ::sigaltstack(&own, nullptr);
  }
  for (int signal : kCrashes) {
    struct sigaction action = {};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(signal, &action, &actions_before[signal]);
  }
}

void refuse_exit() {
  exit_is_refused = true;
  refusing_process = ::getpid();
  next_exit = reinterpret_cast<Ending>(::dlsym(RTLD_NEXT, "_exit"));
  refuse_exit_first();
}

void expect_exit() { exit_is_refused = false; }

void refuse_exit_first() {
  if (exit_is_refused) ::on_exit(on_exit_call, nullptr);
}

}  // namespace caddie

// Plugins find these before the ones of the C library, because the program's libraries come first.
extern "C" {
CADDIE_API void exit(int code) noexcept { caddie::end_by("exit", code); }
CADDIE_API void quick_exit(int code) noexcept { caddie::end_by("quick_exit", code); }
// A child that was forked may not look up names, so that these keep the function that they hand on to.
CADDIE_API void _exit(int code) { caddie::refuse_end(code), caddie::end_at_once(code); }
CADDIE_API void _Exit(int code) noexcept { caddie::refuse_end(code), caddie::end_at_once(code); }
}
