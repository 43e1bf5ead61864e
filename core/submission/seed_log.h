// SPDX-License-Identifier: Apache-2.0
// The log of a seed has the lines that openai/parameter-golf's train_gpt.py prints.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "report/curves.h"
#include "submission/arm_facts.h"

namespace caddie {

/// Returns the log of one run: seed, sizes, a line for each step of `course` (the rows of its metrics.csv, by
/// name) that tells a loss or a score, the bytes, and the scores after training, with the one that counts
/// last. `caddie import` reads the numbers of the run's summary from it.
std::string seed_log(const SeedRun& run, std::span<const std::pair<std::string, CurvePoint>> course);

}  // namespace caddie
