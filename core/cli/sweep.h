// SPDX-License-Identifier: Apache-2.0
// `caddie sweep` and `caddie retry` share these arguments and the function that does the work.
#pragma once

#include "sweep/begin.h"
#include "sweep/runner.h"

namespace CLI {
class App;
}

namespace caddie {

/// Holds the command line of the two verbs.
struct SweepArguments {
  SweepRequest request;
  RunnerOptions runner;
  bool json = false;
};

/// Declares -S, which changes the base of a sweep file.
void declare_base_overrides(CLI::App& verb, std::vector<std::string>& overrides);

/// Declares the options that say how the runs of a sweep are made.
void declare_running(CLI::App& verb, SweepArguments& arguments);

/// Takes the sweep up, runs what is not done, and prints the table. Throws Error when
/// conclude() calls the end anything but fine.
void sweep_verb(SweepArguments& arguments);

}  // namespace caddie
