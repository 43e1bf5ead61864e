// SPDX-License-Identifier: Apache-2.0
// A sweep is judged by tests of every arm against the baseline, corrected for all of them, and by its claim.
#pragma once

#include "report/ablation.h"

namespace caddie {

/// Takes the test, its correction, alpha, the metric and the hypothesis from the plan's claim. Without a
/// claim it sets the pooled test and Dunnett's correction, and leaves the rest as Ablation has it: alpha
/// 0.05, val_bpb, and the hypothesis that there is any difference.
void choose_hypothesis(Ablation& ablation);

/// Fills in the comparisons and tests of every arm but the baseline, and `claim_met`. Arms that come from the
/// baseline's trainings are compared with it checkpoint by checkpoint unless the claim says otherwise.
/// Throws Error (kUsage) when the claim names an arm that is not there.
void judge(Ablation& ablation);

}  // namespace caddie
