// SPDX-License-Identifier: Apache-2.0
// These functions test one arm against another: they decide which runs are paired and which test applies.
// Tables, claims and `caddie test` all use them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "statistics/compare.h"

namespace caddie {

/// These are the trainings that the finished runs of an arm come from, by seed; empty where a run does not
/// tell.
using Trainings = std::map<int64_t, std::string>;

/// Tells whether two arms come from the same trainings: for each seed that both have finished, and there is
/// one at least, the runs tell their training and it is the same.
bool share_trainings(const Trainings& a, const Trainings& b);

/// Holds the finished runs of two arms, and what is known beside them.
struct ArmPair {
  std::map<int64_t, double> arm, baseline;  // what is tested, by seed
  bool same_trainings = false;              // what share_trainings() says of the arms
  PooledVariance pooled = {};               // the variance within arms of the sweep that both are in
  double target = kUnknown;                 // the number that a test of the arm alone compares with
};

/// These are the values of two arms for the seeds that both have finished, in the order of the seeds.
struct SeedPairs {
  std::vector<int64_t> seeds;
  std::vector<double> arm, baseline;
};
/// Returns the pairs of runs with the same seed.
SeedPairs pairs_of(const ArmPair& arms);

/// Returns the test of two arms for which nobody chose another one: "paired_checkpoint" where they come from
/// the same trainings, else "pooled" within one sweep and "welch" between two.
std::string usual_test(bool same_trainings, bool one_sweep);

/// Runs `test`: "pooled", "welch", "satterthwaite", "one_sample" (against the target), "paired_seed" or
/// "paired_checkpoint"; the last one finds nothing where the arms do not come from the same trainings.
Comparison run_test(const std::string& test, const ArmPair& arms, const Hypothesis& hypothesis);

}  // namespace caddie
