// SPDX-License-Identifier: Apache-2.0
// `caddie sweep` begins a sweep, resumes it, plans it anew, or starts it over.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/claim.h"
#include "sweep/plan.h"

namespace caddie {

/// Says which sweep the user names, and whether it starts over or takes in edits.
struct SweepRequest {
  // This is a sweep file, or a name by which sweep_folder() finds the folder of a sweep that was begun.
  std::string file;
  std::filesystem::path output = {};        // the folder of a sweep file's results; empty for results/<name>
  std::vector<std::string> overrides = {};  // are laid upon the base of a sweep file, for all arms
  bool fresh = false;                       // whether to throw away the sweep's runs and trainings
  bool replan = false;                      // whether to take in edits of the files
};

/// Holds a sweep that no other process works on, with its frozen plan.
struct LockedSweep {
  std::filesystem::path folder;
  FolderClaim claim;
  Plan plan;
};

/// Claims the sweep's folder, and freezes the plan unless it is frozen already. Throws Error (kUsage) when
/// another process has the folder, when the files were edited since the plan was frozen and neither `fresh`
/// nor `replan` is set, or when the options do not go together.
LockedSweep begin_or_resume_sweep(const SweepRequest& request);

}  // namespace caddie
