// SPDX-License-Identifier: Apache-2.0
// One child process: how it is started, and how it ended.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace caddie {

struct ChildCommand {
  std::vector<std::string> arguments;                // the program's name first
  std::filesystem::path log = {};                    // takes its output; empty: that goes where ours goes
  std::filesystem::path program = "/proc/self/exe";  // by default this program anew
};

struct ChildEnd {
  int code = 0;    // its exit code; of no meaning when a signal ended it
  int signal = 0;  // the signal that ended it; 0: it ended by itself

  bool succeeded() const { return signal == 0 && code == 0; }
  /// The exit code as a shell gives it: 128 and the signal's number when a signal ended the process.
  int shell_code() const { return signal > 0 ? 128 + signal : code; }
};
/// Reads a status that waitpid() gave of a process that has ended.
ChildEnd end_of_status(int status);

/// Starts `command` with the signal mask `mask`, without input, in a process group of its own: the terminal's
/// Ctrl-C reaches only the parent, which hands it on. A child whose parent dies is asked to stop, and one
/// whose program cannot be executed ends with code 127. Throws Error when there is no log or no process to be
/// had.
pid_t start_child(const ChildCommand& command, const sigset_t& mask);

}  // namespace caddie
