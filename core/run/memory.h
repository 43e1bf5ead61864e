// SPDX-License-Identifier: Apache-2.0
// These functions estimate the memory of a training before it begins.
#pragma once

#include <cstdint>

#include "experiment/experiment.h"
#include "process/machine.h"

namespace caddie {

/// Returns the bytes that a training takes at the least, at four a number: each weight, a gradient of it in
/// each accumulator, its copy in each averager, one number of state for its optimizer, and the logits of one
/// micro-batch for each accumulator that works at once. Activations come on top.
int64_t least_memory(const Experiment& experiment, int threads);

/// Returns roughly the bytes that a run takes: weights, gradients of the accumulators, states of optimizers,
/// averages, and what each accumulator keeps for its backward pass.
int64_t usual_memory(const Experiment& experiment);

/// Throws Error (kUsage) when the least memory is more than `here` has, saying what would need less.
void check_memory(const Experiment& experiment, int threads, const Memory& here);

}  // namespace caddie
