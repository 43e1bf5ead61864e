// SPDX-License-Identifier: Apache-2.0
// Attention for some of the positions.
#pragma once

#include <caddie/ops.h>

namespace caddie {

/// attention(q, k, v) for the positions from `first` on, a multiple of kAttentionBlock: q, y:
/// [B,T-first,H,D]; k, v: [B,T,K,D]. The same bits. On the CPU only, and without gradient, unless first is 0.
Var attention_from(int64_t first, Var q, Var k, Var v);

}  // namespace caddie
