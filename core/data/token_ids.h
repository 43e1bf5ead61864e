// SPDX-License-Identifier: Apache-2.0
// Checks the token ids of whole streams against the vocabulary of a model.
#pragma once

#include "data/shards.h"

namespace caddie {

/// Throws Error (kUsage), naming the shards and their largest id, unless all ids lie below `vocabulary`.
void check_ids(const TokenStream& stream, int64_t vocabulary);

}  // namespace caddie
