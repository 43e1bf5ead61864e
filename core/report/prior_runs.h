// SPDX-License-Identifier: Apache-2.0
// Earlier runs tell what a planned sweep will meet: the noise from seed to seed, and the time that runs take.
#pragma once

#include <string>

#include "report/ablation.h"
#include "sweep/cost_estimate.h"

namespace caddie {

/// Holds what earlier runs tell; numbers are unknown where there are none.
struct PriorRuns {
  double sd = kUnknown, df = 0;  // the noise of the metric that is tested, from seed to seed
  std::string source;            // the folder that these runs lie in
  KnownTimes times;
  double paired_sd = kUnknown;  // the noise of the differences between arms of one training
  std::string paired_source;
};

/// Returns what the runs of the sweep itself tell, or else those of `caddie noise` on its base.
PriorRuns prior_runs(const Plan& plan);

/// Sets paired_sd from the sweeps below results/ on the same base, where the plan pairs arms and the prior
/// does not know it yet. The sweep with the most degrees of freedom counts.
void learn_pairs(PriorRuns& prior, const Plan& plan);

/// Returns what the finished runs of a sweep tell of a metric's noise and of times; `folder` is where they
/// lie.
PriorRuns prior_runs_of(const Ablation& ablation, const std::filesystem::path& folder,
                        const std::string& metric = kBpb.name);

/// Returns the variance of the differences of a metric from the baseline that arms of its trainings show,
/// pooled over these arms.
PooledVariance paired_variance(const Ablation& ablation, const std::string& metric = kBpb.name);

}  // namespace caddie
