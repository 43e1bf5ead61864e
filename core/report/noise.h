// SPDX-License-Identifier: Apache-2.0
// The noise of one experiment is measured with several seeds, to know what no technique explains.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "statistics/interval.h"
#include "sweep/runner.h"

namespace caddie {

struct NoiseRequest {
  std::filesystem::path experiment;
  int64_t seeds = 5, first = 1;  // the number of seeds, and the first of them
  RunnerOptions runner;          // its folder and store are filled in by measure_noise()
};

struct Noise {
  Sample bpb;         // the val_bpb of the finished runs
  Interval sd;        // the interval of the standard deviation of val_bpb
  std::string group;  // the hash of what the runs have in common: all but the seed
};

/// Returns the plan of the experiment's seeds, which lies in `folder`. It is frozen anew each time: more
/// seeds join those that are there, and runs that no longer fit are made again. The share of the machine
/// stays that of the runs that are there.
Plan noise_plan(const NoiseRequest& request, const std::filesystem::path& folder);

/// Runs what is missing of the seeds, in noise_folder(). Throws Error when runs fail, are lost or left, with
/// kInterrupted when asked to stop.
Noise measure_noise(NoiseRequest request);

}  // namespace caddie
