// SPDX-License-Identifier: Apache-2.0
// The test that rules name is run on the scores of a submission and those of the record to be beaten.
#pragma once

#include <optional>
#include <string>

#include "statistics/compare.h"
#include "submission/evidence.h"
#include "submission/rules.h"

namespace caddie {

/// Holds a test of scores, of which lower ones are better.
struct ScoreTest {
  std::string impossible;  // why there is no test; "" where there is one
  std::string metric, unit;
  Sample own, record;            // the record's is empty where there is a target
  std::optional<double> target;  // the number that is compared with
  double margin = 0;             // in the unit
  Hypothesis hypothesis;         // that own scores are lower by more than the margin
  Comparison plain, tested;      // without the margin, and with it
};

/// Runs the test. Losses in nats per token are compared where both sides have them and the same bytes per
/// token, within kByteTolerance; else bits per byte, to which the margin is converted by the submission's
/// bytes per token, because losses of two tokenizers are of different tokens.
ScoreTest test_scores(const SignificanceRules& rules, const SubmissionFacts& facts);

}  // namespace caddie
