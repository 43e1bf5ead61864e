// SPDX-License-Identifier: Apache-2.0
// Measures what a plugin costs a training: the same steps with it and without, one after the other in turn.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "laws/law.h"

namespace caddie {

/// Holds one quantity, with the plugin and without it.
struct Cost {
  std::string name;  // as in "seconds of a training step"
  std::string unit;  // "s", "bytes" or "" for a number
  double with = 0, without = 0;
};

/// Measures the costs of a plugin in an experiment of plain parts: 4 layers of width 128, a vocabulary of
/// 1024, batches of 8 sequences of 128 tokens. Seconds are medians of steps that take turns, so that what
/// else the machine does falls on both. Throws Error when plugins of its kind take no part in training and
/// its artifact, or when it does not go with plain parts.
std::vector<Cost> costs_of(const Subject& subject);

/// Returns the costs for programs.
Json json_of(const std::vector<Cost>& costs);
/// Returns the costs for people, a line each, with the ratio.
std::string text_of(const std::vector<Cost>& costs);

}  // namespace caddie
