// SPDX-License-Identifier: Apache-2.0
// A test is chosen by its name and gets its samples from values by seed; runs of equal seeds make the pairs.
#include "report/arm_test.h"

#include "base/exit_code.h"
#include "statistics/satterthwaite.h"

namespace caddie {
namespace {

Sample sample_of(const std::map<int64_t, double>& by_seed) {
  std::vector<double> values;
  for (auto [seed, value] : by_seed) values.push_back(value);
  return summarize(values);
}

Comparison paired_by_seed(const ArmPair& arms, const Hypothesis& hypothesis) {
  SeedPairs pairs = pairs_of(arms);
  return paired_test(pairs.arm, pairs.baseline, hypothesis);
}

Comparison paired_by_checkpoint(const ArmPair& arms, const Hypothesis& hypothesis) {
  Comparison c = arms.same_trainings ? paired_by_seed(arms, hypothesis) : Comparison{};
  c.test = "paired_checkpoint";
  return c;
}

}  // namespace

bool share_trainings(const Trainings& a, const Trainings& b) {
  bool any = false;
  for (const auto& [seed, name] : a) {
    auto found = b.find(seed);
    if (found == b.end()) continue;
    if (name.empty() || name != found->second) return false;
    any = true;
  }
  return any;
}

SeedPairs pairs_of(const ArmPair& arms) {
  SeedPairs pairs;
  for (auto [seed, value] : arms.arm) {
    auto found = arms.baseline.find(seed);
    if (found == arms.baseline.end()) continue;
    pairs.seeds.push_back(seed);
    pairs.arm.push_back(value);
    pairs.baseline.push_back(found->second);
  }
  return pairs;
}

std::string usual_test(bool same_trainings, bool one_sweep) {
  return same_trainings ? "paired_checkpoint" : one_sweep ? "pooled" : "welch";
}

Comparison run_test(const std::string& test, const ArmPair& arms, const Hypothesis& hypothesis) {
  if (test == "paired_seed") return paired_by_seed(arms, hypothesis);
  if (test == "paired_checkpoint") return paired_by_checkpoint(arms, hypothesis);
  Sample arm = sample_of(arms.arm), baseline = sample_of(arms.baseline);
  if (test == "one_sample") return one_sample_test(arm, arms.target, hypothesis);
  if (test == "welch") return welch_test(arm, baseline, hypothesis);
  if (test == "satterthwaite") return satterthwaite_test(arm, baseline, hypothesis);
  if (test == "pooled") return pooled_test(arm, baseline, arms.pooled, hypothesis);
  fail_usage(
      "test '{}': there is no such test; known: pooled, welch, satterthwaite, one_sample, paired_seed, "
      "paired_checkpoint",
      test);
}

}  // namespace caddie
