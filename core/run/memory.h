// SPDX-License-Identifier: Apache-2.0
// Estimates the memory that a training takes before it takes it.
#pragma once

#include <cstdint>

#include "experiment/experiment.h"
#include "process/machine.h"

namespace caddie {

/// Returns the bytes that a training takes at the least, at four a number: each weight, a gradient of it in
/// each accumulator, its copy in each averager, one number of state for its optimizer, and the logits of one
/// micro-batch for each accumulator that works at once. Activations come on top.
int64_t least_memory(const Experiment& experiment, int threads);

/// Throws Error (kUsage) when that is more than `here` has, saying what would need less.
void check_memory(const Experiment& experiment, int threads, const Memory& here);

}  // namespace caddie
