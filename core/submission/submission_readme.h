// SPDX-License-Identifier: Apache-2.0
// The README of a submission shows its runs, what they are compared with, and what it takes to repeat them.
#pragma once

#include <string>

#include "submission/arm_facts.h"

namespace caddie {

/// Returns the text in GitHub's Markdown: a line with mean, SD and number of seeds, the table of seeds, the
/// comparison with the sweep's baseline by the sweep's own test, the sweep's table, commands, environment,
/// what the contest asks, and the files of the folder.
std::string submission_readme(const ArmFacts& facts);

}  // namespace caddie
