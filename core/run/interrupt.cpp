// SPDX-License-Identifier: Apache-2.0
#include "run/interrupt.h"

#include <caddie/error.h>

#include <csignal>

namespace caddie {
namespace {

volatile std::sig_atomic_t asked = 0;

void ask_to_stop(int) { asked = 1; }

}  // namespace

void stop_on_signals() {
  struct sigaction action = {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = SA_RESETHAND;
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
