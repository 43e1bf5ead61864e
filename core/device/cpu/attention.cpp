// SPDX-License-Identifier: Apache-2.0
// Checks the shapes of attention on the CPU and calls the kernels of the processor at hand.
#include "device/attention.h"

#include <caddie/error.h>

#include "device/cpu/kernels.h"

namespace caddie {
namespace {

void check_shape(const AttentionShape& shape) {
  check(shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0,
        "attention: {} query heads cannot share {} key heads evenly; use a divisor of {}", shape.heads,
        shape.kv_heads, shape.heads);
  check(shape.first % kAttentionBlock == 0 && (shape.first == 0 || shape.first < shape.length),
        "attention: the first position is {} of {}; wanted a multiple of {} below the length", shape.first,
        shape.length, kAttentionBlock);
  if (shape.first_seen) check_mask(shape.first_seen, shape.batch, shape.length, "attention: ");
}

}  // namespace

void check_mask(const int32_t* first_seen, int64_t batch, int64_t length, const char* who) {
  for (int64_t b = 0; b < batch; ++b, first_seen += length)
    for (int64_t t = 0, before = 0; t < length; before = first_seen[t++])
      check(first_seen[t] >= before && first_seen[t] <= t,
            "{}position {} is to see those from {} on; wanted {} to {}", who, t, first_seen[t], before, t);
}

void attention_forward(const AttentionShape& shape, float scale, const float* q, const float* k,
                       const float* v, float* y, float* log_sum) {
  check_shape(shape);
  cpu_kernels().attention_forward(shape, scale, q, k, v, y, log_sum);
}

void attention_backward(const AttentionShape& shape, float scale, const float* q, const float* k,
                        const float* v, const float* y, const float* log_sum, const float* dy, float* dq,
                        float* dk, float* dv) {
  check_shape(shape);
  check(shape.first == 0, "attention: a backward pass starts at position 0, not at {}", shape.first);
  cpu_kernels().attention_backward(shape, scale, q, k, v, y, log_sum, dy, dq, dk, dv);
}

}  // namespace caddie
