// SPDX-License-Identifier: Apache-2.0
// What cases of evaluators expect of those that train on what they have scored.
#pragma once

#include "evaluate/score.h"
#include "parity/case.h"

namespace caddie::parity {

/// Runs the evaluator and compares its scores and weights with the case's `expected`.
void check_learner(const Case& c, Evaluator& evaluator, ModelScorer& scorer, const Model& model,
                   Verdict& verdict);

}  // namespace caddie::parity
