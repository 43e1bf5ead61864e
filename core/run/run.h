// SPDX-License-Identifier: Apache-2.0
// A run takes one experiment from data to score, stage by stage: train -> average -> artifact -> read it back
// -> evaluate.
#pragma once

#include <filesystem>
#include <string>

#include "config/tree.h"
#include "experiment/experiment.h"
#include "plugin/registry.h"
#include "process/interrupt.h"
#include "results/run_folder.h"
#include "results/summary.h"
#include "run/training.h"

namespace caddie {

/// Says where and how an experiment is run.
struct RunOptions {
  std::filesystem::path folder;  // the folder of the run
  /// Stages leave their outputs for other runs here. Where it is empty, they stay in the run's folder until
  /// the run is done.
  std::filesystem::path store;
  TrainingOptions training;
  bool fresh = false;   // whether to start over although the folder holds results
  bool strict = false;  // whether the run fails when a technique has no effect
  bool quiet = false;   // whether to print nothing
};

/// Runs the experiment, or what is left of it: a finished folder of the same key is returned as it is, stages
/// that the store holds are taken from there, a checkpoint is continued. Returns what summary.json holds.
/// Throws Error when the folder belongs to another run, and after writing a summary with status "failed" when
/// the run itself fails. Where there are several ranks, only the first one calls this.
RunSummary run_experiment(const Tree& tree, Experiment& experiment, const Registry& registry,
                          const RunOptions& options);

/// Does the part of a run that ranks other than the first have: they train with the first one when there is
/// something to train. They write nothing.
void run_along(const Tree& tree, Experiment& experiment, const Registry& registry, const RunOptions& options);

}  // namespace caddie
