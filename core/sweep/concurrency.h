// SPDX-License-Identifier: Apache-2.0
// These functions find how many runs at a time, with how many threads each, suit this machine and a plan.
#pragma once

#include <string>
#include <vector>

#include "sweep/plan.h"

namespace caddie {

/// Says how many runs go side by side with how many threads each, and what they were measured to take, 0
/// where nothing was measured.
struct Concurrency {
  int jobs = 1, threads = 1;
  double step_seconds = 0;        // the time of a step of one run, while all jobs are at work
  double evaluation_seconds = 0;  // the time of one run's evaluations
  int64_t peak_mem_bytes = 0;     // the memory of one run
  double runs_done_per_second(double steps) const {
    return double(jobs) / (steps * step_seconds + evaluation_seconds);
  }
};

/// Returns how many of `jobs` runs at a time the cores allow with `threads` each; 0 threads stand for the
/// cores divided by the jobs.
Concurrency within_cores(int jobs, int threads);

/// Runs the plan's baseline briefly in two ways: one run on all cores, and one run for each core. The way
/// that finishes more runs in a second comes first; on one core, or when one run for each core does not fit
/// into memory, only the first way is tried. Throws Error when the experiment cannot run.
std::vector<Concurrency> measure_concurrency(const Plan& plan, const std::string& device);

/// Measures `jobs` runs of the plan's baseline at a time, at most one for each core, which share the cores.
Concurrency measure_jobs(const Plan& plan, int jobs, const std::string& device);

/// Returns "2 x 1 thread", for example.
std::string text_of(const Concurrency& choice);

}  // namespace caddie
