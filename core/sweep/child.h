// SPDX-License-Identifier: Apache-2.0
// Child processes that run this program, and the signals that concern them.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace caddie {

/// SIGINT, SIGTERM and SIGCHLD are waited for instead of interrupting whatever is being done.
class SignalQueue {
 public:
  SignalQueue();
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  /// The next signal, or 0 when none came in `milliseconds`.
  int wait(long milliseconds) const;
  /// The signal mask that children are to have.
  const sigset_t& before() const { return before_; }

 private:
  sigset_t watched_, before_;
};

/// Starts this program anew with `arguments`, output to `log` or, when that is empty, to where this process
/// writes, in a process group of its own: the terminal's Ctrl-C reaches only the parent, which hands it on.
/// Should the parent die, the child is asked to stop. Throws Error when that fails.
pid_t start_child(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                  const sigset_t& mask);

}  // namespace caddie
