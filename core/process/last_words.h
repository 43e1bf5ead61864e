// SPDX-License-Identifier: Apache-2.0
// The last words of a program that is ended in the middle of its work: which plugin crashed it, or called
// exit().
#pragma once

#include <csignal>

namespace caddie {

/// Lists the signals by which a program that made a mistake ends.
inline constexpr int kCrashSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/// Stands in what is said of a crash, before the number of the signal.
inline constexpr const char* kCrashWords = "crashed with signal ";

/// Makes the signals of crashes say on stderr which worker of the
/// thread caused them (at_work()), and then act as before, so that whoever waits for the program sees them.
void name_crashes();

/// From here on a call of exit() or quick_exit() is a fault of this process, and so is one of _exit() or
/// _Exit() by a plugin: it says on stderr who called it and ends the program with kPluginRefused, before
/// anything else that happens at an exit. expect_exit() ends that.
void refuse_exit();
void expect_exit();

}  // namespace caddie
