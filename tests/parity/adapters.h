// SPDX-License-Identifier: Apache-2.0
// What upstream calls the adapters of low rank that learners train, and a pass with given ones.
#pragma once

#include <span>
#include <string>

#include "experiment/experiment.h"
#include "parity/case.h"

namespace caddie::parity {

/// Gives the weights of a set that the file has their part `row` of its tensors, which are called by `prefix`
/// and upstream's names.
void take_row(std::span<Weight> weights, const SafetensorsFile& file, const std::string& prefix, int64_t row);

/// Compares losses and gradients of one batch, of which each row has adapters of its own.
void check_adapters(const Case& c, Experiment& experiment, Verdict& verdict);

}  // namespace caddie::parity
