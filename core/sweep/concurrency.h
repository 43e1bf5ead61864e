// SPDX-License-Identifier: Apache-2.0
// How many runs at a time, with how many threads each, suit this machine and a plan.
#pragma once

#include <string>
#include <vector>

#include "sweep/plan.h"

namespace caddie {

struct Concurrency {
  int jobs = 1, threads = 1;
  double step_seconds = 0;        // of one run, while all jobs are at work
  double evaluation_seconds = 0;  // of one run
  int64_t peak_mem_bytes = 0;     // of one run
  double runs_done_per_second(double steps) const {
    return double(jobs) / (steps * step_seconds + evaluation_seconds);
  }
};

/// How many of `jobs` runs at a time the cores allow with `threads` each; 0: the cores divided by the jobs.
Concurrency within_cores(int jobs, int threads);

/// Runs the plan's baseline for a moment in each choice: one run on all cores, and one a core. The faster one
/// for such runs comes first; on one core, or when runs will not fit into memory together, there is but one.
/// Throws Error when the experiment cannot run.
std::vector<Concurrency> measure_concurrency(const Plan& plan, const std::string& device);

/// Measures `jobs` at a time, at most one a core, which share the cores.
Concurrency measure_jobs(const Plan& plan, int jobs, const std::string& device);

/// "2 x 1 thread".
std::string text_of(const Concurrency& choice);

}  // namespace caddie
