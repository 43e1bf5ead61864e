// SPDX-License-Identifier: Apache-2.0
// Handles SIGINT and SIGTERM: the first one leaves a note, and a later one acts as it would by default.
#include "process/interrupt.h"

#include <caddie/error.h>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string_view>

namespace caddie {
namespace {

constexpr unsigned kEchoSeconds = 1;  // A signal that comes within this time repeats the first one.

constexpr std::string_view kWaiting = "\nstopping after this step; once more ends it at once\n";

// These are free of locks, as a handler needs.
std::atomic<bool> asked = false, echo_is_over = false, has_stopped = false;

// Says that the work goes on for now, which nobody can see otherwise during a long step.
void say_it_goes_on(int) {
  echo_is_over = true;
  if (has_stopped) return;
  std::string_view line = kWaiting;
  if (!::isatty(STDERR_FILENO)) line.remove_prefix(1);  // No status line stands there.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void ask_to_stop(int signal) {
  if (!asked) {
    asked = true;
    ::alarm(kEchoSeconds);
  } else if (echo_is_over) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void stop_on_signals() {
  struct sigaction action = {};
  action.sa_handler = ask_to_stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = say_it_goes_on;
  sigaction(SIGALRM, &action, nullptr);
}

bool stop_asked() { return asked; }

void stop_here(const std::string& where) {
  has_stopped = true;
  throw Error("interrupted " + where + "; run the same command again to go on", kInterrupted);
}

void check_not_stopped(const std::string& where) {
  if (stop_asked()) stop_here(where);
}

}  // namespace caddie
