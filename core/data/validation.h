// SPDX-License-Identifier: Apache-2.0
// Loads the validation tokens: all shards joined, cut to whole sequences and one target more.
#pragma once

#include <cstdint>
#include <vector>

#include "data/shards.h"

namespace caddie {

/// Returns the first floor((N - 1) / sequence_length) * sequence_length + 1 of the N tokens. Throws Error
/// when there is not one whole sequence.
std::vector<int32_t> load_validation(const TokenStream& stream, int64_t sequence_length);

}  // namespace caddie
