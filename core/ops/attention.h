// SPDX-License-Identifier: Apache-2.0
// Declares attention for the last positions of a sequence alone.
#pragma once

#include <caddie/ops.h>

namespace caddie {

/// Returns attention(q, k, v) for the positions from `first` on, which is a multiple of kAttentionBlock.
/// Their bits are those that they have in attention for all positions. q and the result: [B,T-first,H,D]; k,
/// v: [B,T,K,D]. Unless `first` is 0 it works only on the CPU and without gradient.
Var attention_from(int64_t first, Var q, Var k, Var v);

}  // namespace caddie
