// SPDX-License-Identifier: Apache-2.0
// Defines the exit codes of the program, and the errors that a user's input causes.
#pragma once

#include <caddie/error.h>

#include <string_view>

namespace caddie {

/// Says how the work of the program ended. It converts to int by itself, because Error and processes carry
/// ints.
enum ExitCode : int {
  kFine = 0,
  kFailed = 1,         // The work failed; in a sweep, some of the runs did.
  kUsage = 2,          // The command line or a file that the user wrote is wrong.
  kClaimNotMet = 3,    // The work is done, and does not show what was claimed.
  kPluginRefused = 4,  // A plugin is missing, was built for another SDK, or ends the program.
  kDiskFull = 5,       // The disk is full; with more space the same command goes on.
  kInterrupted = 130   // A signal stopped the work; the same command resumes it.
};

/// Tells whether an error says that the disk is full or its quota used up, in the words of the system.
bool tells_of_full_disk(std::string_view error);

/// Throws an Error about the command line, or about a file that the user wrote.
template <class... A>
[[noreturn]] void fail_usage(std::string_view format, const A&... arguments) {
  throw Error(message(format, {Text(arguments)...}), kUsage);
}

}  // namespace caddie
