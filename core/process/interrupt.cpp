// SPDX-License-Identifier: Apache-2.0
// Handles SIGINT and SIGTERM: the first one leaves a note, and a later one acts as it would by default.
#include "process/interrupt.h"

#include <caddie/error.h>

#include <csignal>
#include <ctime>

namespace caddie {
namespace {

constexpr time_t kEchoSeconds = 1;  // A signal that comes within this time repeats the first one.

volatile std::sig_atomic_t asked = 0;
volatile time_t asked_at = 0;

void ask_to_stop(int signal) {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  if (asked == 0) {
    asked_at = now.tv_sec;
    asked = 1;
  } else if (now.tv_sec - asked_at > kEchoSeconds) {
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
}

bool stop_asked() { return asked != 0; }

void stop_here(const std::string& where) {
  throw Error("interrupted " + where + "; run the same command again to go on", kInterrupted);
}

void check_not_stopped(const std::string& where) {
  if (stop_asked()) stop_here(where);
}

}  // namespace caddie
