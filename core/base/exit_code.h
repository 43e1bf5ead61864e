// SPDX-License-Identifier: Apache-2.0
// Defines the exit codes of the program, and the errors that a user's input causes.
#pragma once

#include <caddie/error.h>

namespace caddie {

/// Says how the work of the program ended. It converts to int by itself, because Error and processes carry
/// ints.
enum ExitCode : int {
  kFine = 0,
  kFailed = 1,         // The work failed; in a sweep, some of the runs did.
  kUsage = 2,          // The command line or a file that the user wrote is wrong.
  kClaimNotMet = 3,    // The work is done, and does not show what was claimed.
  kPluginRefused = 4,  // A plugin is missing, or was built for another SDK.
  kInterrupted = 130   // A signal stopped the work; the same command resumes it.
};

/// Throws an Error about the command line, or about a file that the user wrote.
template <class... A>
[[noreturn]] void fail_usage(std::string_view format, const A&... arguments) {
  throw Error(message(format, {Text(arguments)...}), kUsage);
}

}  // namespace caddie
