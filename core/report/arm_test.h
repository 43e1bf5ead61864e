// SPDX-License-Identifier: Apache-2.0
// One arm tested against another: which runs pair up, and which test applies. Tables, claims and `caddie
// test` all ask here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "statistics/compare.h"

namespace caddie {

/// The training that each finished run of an arm comes from, by seed; empty where a run does not tell.
using Trainings = std::map<int64_t, std::string>;

/// Whether two arms come from the same trainings: for each seed that both have finished, one at least, the
/// runs tell their training and it is the same.
bool share_trainings(const Trainings& a, const Trainings& b);

/// The finished runs of two arms, and what is known beside them.
struct ArmPair {
  std::map<int64_t, double> arm, baseline;  // what is tested, by seed
  bool same_trainings = false;              // as share_trainings() says
  PooledVariance pooled = {};               // of the sweep that both belong to
  double target = kUnknown;                 // what a test of the arm alone compares with
};

/// The values of two arms for the seeds that both have finished, in the order of the seeds.
struct SeedPairs {
  std::vector<int64_t> seeds;
  std::vector<double> arm, baseline;
};
SeedPairs pairs_of(const ArmPair& arms);

/// The test of two arms that nobody chose another one for: "paired_checkpoint" where they come from the same
/// trainings, else "pooled" within one sweep and "welch" between two.
std::string usual_test(bool same_trainings, bool one_sweep);

/// `test`: "pooled", "welch", "one_sample" (against the target), "paired_seed" or "paired_checkpoint"; the
/// last one finds nothing where the arms do not come from the same trainings.
Comparison run_test(const std::string& test, const ArmPair& arms, const Hypothesis& hypothesis);

}  // namespace caddie
