// SPDX-License-Identifier: Apache-2.0
// One experiment from data to score: train -> average -> artifact -> read it back -> evaluate.
#pragma once

#include <filesystem>
#include <string>

#include "config/tree.h"
#include "experiment/experiment.h"
#include "plugin/registry.h"
#include "results/provenance.h"
#include "results/run_folder.h"

namespace caddie {

struct RunOptions {
  std::filesystem::path folder;           // of the run
  std::filesystem::path initial_weights;  // safetensors with upstream's names; empty: the initializer's
  bool fresh = false;                     // start over although the folder holds results
  bool strict = false;                    // a technique without effect makes the run fail
  bool quiet = false;
};

/// Runs the experiment, or what is left of it: a finished folder of the same key is returned as it is, a
/// checkpoint of the same key is continued. Returns what summary.json holds. Throws Error when the folder
/// belongs to another run, and after writing a summary with status "failed" when the run itself fails.
Json run_experiment(const Tree& tree, Experiment& experiment, const Registry& registry,
                    const RunOptions& options);

/// Exit code of a process that was asked to stop and can go on later.
inline constexpr int kInterrupted = 130;
/// After SIGINT or SIGTERM a training stops at the next step, with a checkpoint. Throws Error(130) from the
/// run.
void stop_on_signals();

}  // namespace caddie
