// SPDX-License-Identifier: Apache-2.0
// Defines what the exit status of the program says, and errors that carry more than "it failed".
#pragma once

#include <caddie/error.h>

namespace caddie {

/// Says what came of the program's work. It converts to int by itself, as Error and processes carry it.
enum ExitCode : int {
  kFine = 0,
  kFailed = 1,         // the work failed; for a sweep, some of its runs did
  kUsage = 2,          // the command line is wrong, or a file that the user wrote
  kClaimNotMet = 3,    // the work is done, and does not show what was claimed
  kPluginRefused = 4,  // a plugin is missing, or was built for another SDK
  kInterrupted = 130   // a signal stopped the work; the same command goes on
};

/// Throws an Error about the command line, or about a file that the user wrote.
template <class... A>
[[noreturn]] void fail_usage(std::string_view format, const A&... arguments) {
  throw Error(message(format, {Text(arguments)...}), kUsage);
}

}  // namespace caddie
