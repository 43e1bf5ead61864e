// SPDX-License-Identifier: Apache-2.0
// How `caddie sweep` takes a sweep up: begun now, gone on with, planned anew, or started over.
#pragma once

#include <filesystem>
#include <string>

#include "base/file_lock.h"
#include "sweep/plan.h"

namespace caddie {

struct SweepRequest {
  std::string file;  // a sweep file, or what sweep_folder() finds the folder of a begun sweep by
  std::filesystem::path output = {};  // folder of a sweep file's results; empty: results/<name>
  bool fresh = false;                 // throw away its runs and trainings
  bool replan = false;                // take in edits of the files
};

/// A sweep that nobody else works on, with its frozen plan.
struct LockedSweep {
  std::filesystem::path folder;
  FileLock lock;
  Plan plan;
};

/// Takes the lock, and freezes the plan unless it is frozen already. Throws Error (kUsage) when another
/// process is at work there, when the files were edited since and nothing says what becomes of that, or when
/// the options do not go together.
LockedSweep take_up_sweep(const SweepRequest& request);

}  // namespace caddie
