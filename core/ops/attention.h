// SPDX-License-Identifier: Apache-2.0
// Declares attention for some of the positions.
#pragma once

#include <caddie/ops.h>

namespace caddie {

/// Returns attention(q, k, v) for the positions from `first` on, a multiple of kAttentionBlock, with the bits
/// that they have among all positions. q, result: [B,T-first,H,D]; k, v: [B,T,K,D]. Unless first is 0 it
/// works only on the CPU and without gradient.
Var attention_from(int64_t first, Var q, Var k, Var v);

}  // namespace caddie
