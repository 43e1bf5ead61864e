// SPDX-License-Identifier: Apache-2.0
// An arm is inactive when what sets it apart from the baseline changed nothing in its runs, such as a
// technique that begins later than a short training ends.
#pragma once

#include <string>

#include "report/ablation.h"

namespace caddie {

/// Returns why an arm is inactive: "NAME: REASON" of each part of the experiment in which it differs from the
/// baseline, by its switch or a setting, and which had no effect in any run of the one that has it. It is ""
/// where all parts acted, and where the runs do not tell.
std::string why_inactive(const Ablation& ablation, const Arm& arm);

}  // namespace caddie
