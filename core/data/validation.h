// SPDX-License-Identifier: Apache-2.0
// Loads the validation tokens: all shards joined, cut to whole sequences and one target more.
#pragma once

#include <cstdint>
#include <vector>

#include "data/shards.h"

namespace caddie {

/// Returns how many positions of a stream are scored: floor((N - 1) / sequence_length) * sequence_length of
/// its N tokens. Throws Error when there is not one whole sequence.
int64_t scored_positions(const TokenStream& stream, int64_t sequence_length);

/// Returns the tokens of these positions, and the target of the last one. Throws Error as scored_positions()
/// does.
std::vector<int32_t> load_validation(const TokenStream& stream, int64_t sequence_length);

}  // namespace caddie
