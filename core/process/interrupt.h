// SPDX-License-Identifier: Apache-2.0
// This process can be asked to stop in such a way that the same command can go on later.
#pragma once

#include <string>

#include "base/exit_code.h"

namespace caddie {

/// Makes SIGINT and SIGTERM only leave a note, which stop_asked() reads, so that work stops where it can be
/// gone on with. A signal that follows within a second repeats the first one, for launchers hand on what the
/// terminal has sent to all already; a later one ends the program at once.
void stop_on_signals();

/// Tells whether such a signal has come since stop_on_signals().
bool stop_asked();

/// Throws Error with code kInterrupted that says where the work stopped and how it goes on.
[[noreturn]] void stop_here(const std::string& where);
/// Does what stop_here() does if stop_asked().
void check_not_stopped(const std::string& where);

}  // namespace caddie
