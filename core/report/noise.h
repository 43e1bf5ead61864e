// SPDX-License-Identifier: Apache-2.0
// `caddie noise` measures how the score of one experiment varies from seed to seed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "statistics/interval.h"
#include "sweep/runner.h"

namespace caddie {

/// Says which experiment to run, and with which seeds.
struct NoiseRequest {
  std::filesystem::path experiment;
  int64_t seeds = 5, first = 1;  // the number of seeds, and the first of them
  RunnerOptions runner;          // how runs are made; measure_noise() sets folder and store
};

/// Holds the noise of an experiment.
struct Noise {
  Sample bpb;         // the val_bpb of the finished runs
  Interval sd;        // the interval of the standard deviation of val_bpb
  std::string group;  // the hash of what the runs have in common: all but the seed
};

/// Returns the plan of the experiment's seeds, whose folder is `folder`. It is made anew each time: more
/// seeds join those that are there, and runs that no longer fit are made again. Runs get the share of the
/// machine that earlier ones had.
Plan noise_plan(const NoiseRequest& request, const std::filesystem::path& folder);

/// Runs what is missing of the seeds, in noise_folder(). Throws Error when runs fail, are lost or left, with
/// kInterrupted when asked to stop.
Noise measure_noise(NoiseRequest request);

}  // namespace caddie
