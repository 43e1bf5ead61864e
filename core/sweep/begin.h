// SPDX-License-Identifier: Apache-2.0
// `caddie sweep` takes a sweep up: begun now, gone on with, planned anew, or started over.
#pragma once

#include <filesystem>
#include <string>

#include "results/claim.h"
#include "sweep/plan.h"

namespace caddie {

struct SweepRequest {
  // This is a sweep file, or what sweep_folder() finds the folder of a begun sweep by.
  std::string file;
  std::filesystem::path output = {};  // the folder of a sweep file's results; empty for results/<name>
  bool fresh = false;                 // whether to throw away the sweep's runs and trainings
  bool replan = false;                // whether to take in edits of the files
};

/// This is a sweep that nobody else works on, with its frozen plan.
struct LockedSweep {
  std::filesystem::path folder;
  FolderClaim claim;
  Plan plan;
};

/// Takes the lock, and freezes the plan unless it is frozen already. Throws Error (kUsage) when another
/// process is at work there, when the files were edited since and nothing says what becomes of that, or when
/// the options do not go together.
LockedSweep take_up_sweep(const SweepRequest& request);

}  // namespace caddie
