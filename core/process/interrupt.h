// SPDX-License-Identifier: Apache-2.0
// Lets this process be stopped by a signal in such a way that the same command resumes its work later.
#pragma once

#include <string>

#include "base/exit_code.h"

namespace caddie {

/// Makes SIGINT and SIGTERM only leave a note, which stop_asked() reads, so that work stops where it can be
/// resumed. A signal that follows within a second counts as the same one, because launchers pass on what the
/// terminal has sent to all processes already; a later one ends the program at once. Where the work has not
/// stopped after that second, a line on stderr says so. Uses SIGALRM.
void stop_on_signals();

/// Tells whether such a signal has come since stop_on_signals().
bool stop_asked();

/// Throws Error (kInterrupted), which says where the work stopped and how it is resumed.
[[noreturn]] void stop_here(const std::string& where);
/// Calls stop_here() if stop_asked().
void check_not_stopped(const std::string& where);

}  // namespace caddie
