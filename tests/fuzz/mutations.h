// SPDX-License-Identifier: Apache-2.0
// Mutations turn a good input of a fuzz target into one that is a little wrong.
#pragma once

#include <span>
#include <string>

#include "attack/draw.h"

namespace caddie::fuzz {

/// Returns one of the seeds after one to four mutations: bits flipped, bytes put in place of others, ranges
/// removed, doubled or taken from another seed, the end cut off, numbers replaced by ones at the edges.
std::string mutated(std::span<const std::string> seeds, attack::Draw& draw);

}  // namespace caddie::fuzz
