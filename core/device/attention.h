// SPDX-License-Identifier: Apache-2.0
// Declares causal attention with grouped heads in float32, on the calling thread of the CPU. It works in
// blocks that fit the cache, and stores no T x T matrix.
#pragma once
#include <cstdint>

namespace caddie {

/// Holds the sizes of q, y: [batch, length, heads, head_dim]; k, v: [batch, length, kv_heads, head_dim], all
/// contiguous, and says which keys a query sees. Query head h reads key head h / (heads / kv_heads), so
/// kv_heads divides heads.
struct AttentionShape {
  int64_t batch, length;
  int heads, kv_heads, head_dim;
  /// Forward passes may compute the positions from here on alone, which is a multiple of kAttentionBlock
  /// below length: q, y and log_sum then hold length - first positions, with the bits that they have in a
  /// whole pass.
  int64_t first = 0;
  /// Where this is not null, it is [batch, length] on the device: position t sees the keys first_seen[t] .. t
  /// alone. It lies between 0 and t and never falls along a sequence, so that whole blocks can be left out.
  const int32_t* first_seen = nullptr;
};

/// So many positions are worked on together, as a block.
constexpr int kAttentionBlock = 64;

/// Throws Error, which begins with `who`, unless first_seen, [batch, length] on the host, is as
/// AttentionShape says.
void check_mask(const int32_t* first_seen, int64_t batch, int64_t length, const char* who = "");

/// Sets y = softmax(causal(q k^T * scale)) v: position t attends to positions 0..t, or to those that
/// shape.first_seen leaves. log_sum, [batch, heads, length], gets the natural logarithm of each row's sum of
/// exp(score); it may be null. Blocks of keys that no query of a block sees are never touched.
/// The bits of a sequence do not depend on the others of the batch. Throws Error if kv_heads does not divide
/// heads, or if first_seen is not what it has to be.
void attention_forward(const AttentionShape& shape, float scale, const float* q, const float* k,
                       const float* v, float* y, float* log_sum);

/// Adds the gradients to dq, dk and dv, given dy and what attention_forward returned in y and log_sum.
void attention_backward(const AttentionShape& shape, float scale, const float* q, const float* k,
                        const float* v, const float* y, const float* log_sum, const float* dy, float* dq,
                        float* dk, float* dv);

}  // namespace caddie
