// SPDX-License-Identifier: Apache-2.0
// Two arms of finished sweeps, or an arm and a number: what `caddie test` answers.
#pragma once

#include <filesystem>
#include <string>

#include "report/ablation.h"
#include "report/arm_test.h"

namespace caddie {

/// The finished runs of one arm of a sweep.
struct FinishedArm {
  std::filesystem::path sweep;       // its folder, as the file system spells it
  std::map<int64_t, double> values;  // of one metric, by seed
  Trainings trainings;               // of the same seeds
  PooledVariance pooled;             // of that metric, over the sweep
};

/// `folder`: of the sweep. Throws Error (kUsage) when it has no such arm, or no finished run of it has the
/// metric.
FinishedArm finished_arm(const std::filesystem::path& folder, const std::string& label,
                         const std::string& metric);

/// `test`: one of run_test()'s, or "auto" for the usual one. Throws Error (kUsage) when the arms do not allow
/// the test that is asked for.
Comparison compare_arms(const FinishedArm& arm, const FinishedArm& baseline, const std::string& test,
                        const Hypothesis& hypothesis);

/// The arm against a number that has no noise.
Comparison compare_with_number(const FinishedArm& arm, double target, const Hypothesis& hypothesis);

}  // namespace caddie
