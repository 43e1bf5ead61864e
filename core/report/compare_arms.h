// SPDX-License-Identifier: Apache-2.0
// `caddie test` compares two arms of finished sweeps, or an arm and a number.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/ablation.h"
#include "report/arm_test.h"

namespace caddie {

/// Holds the finished runs of one arm of a sweep.
struct FinishedArm {
  std::filesystem::path sweep;          // the sweep's folder, as the file system spells it
  std::map<int64_t, double> values;     // the values of one metric by seed
  Trainings trainings;                  // the trainings of the same seeds
  PooledVariance pooled;                // the variance of that metric within the arms of the sweep
  std::string label = {}, metric = {};  // the arm's name for people, and what was measured
  bool is_alike = false;                // whether its values, two or more, are all the same
  std::string spreads = {};             // the note_on_spreads() of the sweep
};

/// Reads an arm of the sweep in `folder`. Throws Error (kUsage) when the sweep has no such arm, or no
/// finished run of it has the metric.
FinishedArm finished_arm(const std::filesystem::path& folder, const std::string& label,
                         const std::string& metric);

/// Runs `test`: one of run_test()'s, or "auto" for the usual one. Throws Error (kUsage) when the arms do not
/// allow the test that is asked for.
Comparison compare_arms(const FinishedArm& arm, const FinishedArm& baseline, const std::string& test,
                        const Hypothesis& hypothesis);

/// Returns what speaks against the p of a comparison, such as a pooled SD where SDs differ; nothing when
/// there is no p.
std::vector<std::string> notes_on_test(const Comparison& comparison, const FinishedArm& arm,
                                       const FinishedArm& baseline, const Hypothesis& hypothesis);

/// Compares the arm with a number that has no noise.
Comparison compare_with_number(const FinishedArm& arm, double target, const Hypothesis& hypothesis);

}  // namespace caddie
