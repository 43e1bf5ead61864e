// SPDX-License-Identifier: Apache-2.0
// Starts a child process by start_child(), and says by ChildEnd how one ended.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace caddie {

/// Says what a child process runs and where its output goes.
struct ChildCommand {
  std::vector<std::string> arguments;  // The name of the program comes first.
  std::filesystem::path log = {};      // The output is appended here, or goes where the parent's does if "".
  std::filesystem::path program = "/proc/self/exe";  // This is the parent's own program.
};

/// Says how a child process ended.
struct ChildEnd {
  int code = 0;    // The exit code means nothing when a signal ended the child.
  int signal = 0;  // This signal ended the child; it is 0 when the child ended by itself.

  bool succeeded() const { return signal == 0 && code == 0; }
  /// Returns the exit code as a shell gives it: 128 plus the signal's number when a signal ended the process.
  int shell_code() const { return signal > 0 ? 128 + signal : code; }
};

/// Reads a status that waitpid() gave of a process that has ended.
ChildEnd end_of_status(int status);

/// Starts `command` with the signal mask `mask`, without input, in a process group of its own: the terminal's
/// Ctrl-C reaches only the parent, which hands it on. A child whose parent dies is asked to stop, and one
/// whose program cannot be executed ends with code 127. Throws Error when the log cannot be opened or no
/// process can be started.
pid_t start_child(const ChildCommand& command, const sigset_t& mask);

}  // namespace caddie
