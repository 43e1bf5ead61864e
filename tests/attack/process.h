// SPDX-License-Identifier: Apache-2.0
// Commands that are started under a fault, watched, stopped at a time, and ended when they hang.
#pragma once

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "attack/judge.h"

namespace caddie::attack {

/// Seconds after which a command that has not ended hangs.
inline constexpr double kTimeLimit = 20;

struct Command {
  std::vector<std::string> arguments;  // behind the program's name
  std::map<std::string, std::string> environment = {};
  std::function<void()> prepare = {};  // called in the new process before the program starts
  double stop_after = -1;              // seconds after which it gets the signal; never when negative
  int stop_signal = SIGKILL;
  bool stop_all = false;  // whether the processes that it started get the signal too
  bool may_die = false;   // whether a signal that ends it counts as the attack's own

  std::string text() const;
};

/// Runs the commands side by side in `folder` and waits for them and for all processes that they leave. Their
/// output goes through files in the folder `notes`. The caller is the only one of its process that has
/// children.
std::vector<End> run(const std::string& program, std::span<const Command> commands,
                     const std::filesystem::path& folder, const std::filesystem::path& notes);

}  // namespace caddie::attack
