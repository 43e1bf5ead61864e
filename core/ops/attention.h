// SPDX-License-Identifier: Apache-2.0
// Declares attention for the last positions of a sequence alone, and under masks.
#pragma once

#include <caddie/ops.h>

namespace caddie {

/// Returns attention(q, k, v) for the positions from `first` on, which is a multiple of kAttentionBlock.
/// Their bits are those that they have in attention for all positions. q and the result: [B,T-first,H,D]; k,
/// v: [B,T,K,D]. Unless `first` is 0 it works only on the CPU and without gradient. first_seen: [B,T], the
/// first position that each one sees; it never falls along a sequence. Where it has no data each position
/// sees all before it.
Var attention_from(int64_t first, Var q, Var k, Var v, Ids first_seen = {});

/// Returns the mask, as first_seen above, of positions that see what both masks let them see.
Ids seen_by_both(Ids a, Ids b);

}  // namespace caddie
