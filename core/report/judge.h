// SPDX-License-Identifier: Apache-2.0
// A sweep is judged by tests of every arm against the baseline, corrected for all of them, and by its claim.
#pragma once

#include "report/ablation.h"

namespace caddie {

/// Sets the hypothesis of the plan's claim; without a claim the hypothesis is that there is any difference.
void choose_hypothesis(Ablation& ablation);

/// Fills in the comparisons and tests of every arm but the baseline, and `claim_met`. Arms that come from the
/// baseline's trainings are compared with it checkpoint by checkpoint unless the claim says otherwise.
/// Throws Error (kUsage) when the claim names an arm that is not there.
void judge(Ablation& ablation);

}  // namespace caddie
