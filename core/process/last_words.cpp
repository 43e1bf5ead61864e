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
#include "base/signal_text.h"

namespace caddie {
namespace {

struct sigaction actions_before[NSIG];

constexpr unsigned kLongestLine = 512;

std::atomic<bool> exit_is_refused = false;
pid_t refusing_process = 0;

/// Writes one line, which begins below what stands on the terminal's last line.
class LastLine {
 public:
  LastLine() {
    if (::isatty(STDERR_FILENO)) text_.add("\n");
    text_.add("error: ");
  }
  ~LastLine() {
    line_[text_.size()] = '\n';
    [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line_, text_.size() + 1);
  }
  LastLine(const LastLine&) = delete;
  LastLine& operator=(const LastLine&) = delete;
  template <class Part>
  LastLine& operator<<(Part part) {
    text_.add(part);
    return *this;
  }

 private:
  char line_[kLongestLine];
  SignalText text_{line_, kLongestLine};
};

void on_crash(int signal, siginfo_t* info, void*) {
  ::sigaction(signal, &actions_before[signal], nullptr);
  char who[kLongestLine / 2];
  bool plugin = describe(at_work(), who, sizeof who);
  const char* what = ::sigdescr_np(signal);
  {
    LastLine line;
    if (plugin) line << static_cast<const char*>(who) << ": ";
    line << kCrashWords << int64_t(signal) << " (" << (what ? what : "unknown") << ")";
    if (!plugin && *who) line << " in " << static_cast<const char*>(who);
  }
  // An instruction that caused the signal causes it again; one that was sent has to be sent again.
  if (info->si_code <= 0) ::raise(signal);
}

/// Holds the functions of the C library that end a process. A child that was forked may not look them up.
struct Endings {
  using Ending = void (*)(int);
  Ending exit = found("exit"), quick_exit = found("quick_exit"), at_once = found("_exit");

 private:
  static Ending found(const char* name) { return reinterpret_cast<Ending>(::dlsym(RTLD_NEXT, name)); }
};

const Endings& endings() {
  static const Endings all;
  return all;
}

[[noreturn]] void end_by(Endings::Ending ending, int code) {
  if (ending) ending(code);
  for (;;) ::syscall(SYS_exit_group, code);
}

/// Refuses the end of this process, from each of the threads that ask; one that was forked ends as it likes.
/// With `of_plugins`, only plugins are refused.
void refuse_end(int code, bool of_plugins) {
  char who[kLongestLine / 2];
  bool plugin = describe(at_work(), who, sizeof who);
  if (!exit_is_refused || ::getpid() != refusing_process || (of_plugins && !plugin)) return;
  {
    LastLine line;
    if (plugin)
      line << static_cast<const char*>(who) << ": ended the program by exit(" << int64_t(code & 0xff)
           << ") instead of returning";
    else
      line << "the program was ended by exit(" << int64_t(code & 0xff) << ") in the middle of its work";
  }
  end_by(endings().at_once, kPluginRefused);
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
  for (int signal : kCrashSignals) {
    struct sigaction action = {};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(signal, &action, &actions_before[signal]);
  }
}

void refuse_exit() {
  endings();
  refusing_process = ::getpid();
  exit_is_refused = true;
}

void expect_exit() { exit_is_refused = false; }

}  // namespace caddie

// Everybody finds these before the ones of the C library, because the program's libraries come first.
extern "C" {
CADDIE_API void exit(int code) noexcept {
  caddie::refuse_end(code, false);
  caddie::end_by(caddie::endings().exit, code);
}
CADDIE_API void quick_exit(int code) noexcept {
  caddie::refuse_end(code, false);
  caddie::end_by(caddie::endings().quick_exit, code);
}
CADDIE_API void _exit(int code) {
  caddie::refuse_end(code, true);
  caddie::end_by(caddie::endings().at_once, code);
}
CADDIE_API void _Exit(int code) noexcept { ::_exit(code); }
}
