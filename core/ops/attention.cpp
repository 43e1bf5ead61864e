// SPDX-License-Identifier: Apache-2.0
// Puts attention on the tape; the arithmetic itself belongs to the device.
#include "ops/attention.h"

#include <cmath>

#include "device/device.h"

namespace caddie {

namespace {

struct Later {
  const int32_t *a, *b;
  int32_t* out;
  CADDIE_FN void operator()(int64_t i) const { out[i] = a[i] > b[i] ? a[i] : b[i]; }
};

}  // namespace

Ids seen_by_both(Ids a, Ids b) {
  check(a.batch == b.batch && a.length == b.length, "attention: one mask is [{}, {}], another one [{}, {}]",
        a.batch, a.length, b.batch, b.length);
  Ids out = result_ids(a.batch, a.length);
  for_each(a.device, a.numel(), Later{a.data, b.data, const_cast<int32_t*>(out.data)});
  return out;
}

Var attention_from(int64_t first, Var q, Var k, Var v, Ids first_seen) {
  check(q.shape().rank() == 4 && k.shape().rank() == 4 && k.shape() == v.shape() &&
            q.shape()[0] == k.shape()[0] && q.shape()[1] + first == k.shape()[1] &&
            q.shape()[3] == k.shape()[3] && k.shape()[2] > 0 && q.shape()[2] % k.shape()[2] == 0,
        "attention: q is {}, k {}, v {}; wanted [B,T,H,D], [B,T,K,D], [B,T,K,D] with H a multiple of K",
        q.shape(), k.shape(), v.shape());
  check(!first_seen.data || (first_seen.batch == k.shape()[0] && first_seen.length == k.shape()[1]),
        "attention: the mask is [{}, {}]; wanted one number for each of {} x {} positions", first_seen.batch,
        first_seen.length, k.shape()[0], k.shape()[1]);
  AttentionShape shape = {q.shape()[0],      k.shape()[1], int(q.shape()[2]), int(k.shape()[2]),
                          int(q.shape()[3]), first,        first_seen.data};
  float scale = 1 / std::sqrt(float(shape.head_dim));
  Var y = result(q.shape());
  bool backward = q.needs_grad() || k.needs_grad() || v.needs_grad();
  float* log_sum = backward ? scratch(q.value().numel() / shape.head_dim) : nullptr;
  Backend& device = backend(q.device());
  device.attention_forward(shape, scale, q.data(), k.data(), v.data(), y.data(), log_sum);
  record(y, {q, k, v}, [=, &device] {
    device.attention_backward(shape, scale, q.data(), k.data(), v.data(), y.data(), log_sum, y.grad(),
                              q.grad_sum(), k.grad_sum(), v.grad_sum());
  });
  return y;
}

Var attention(Var q, Var k, Var v) { return attention_from(0, q, k, v); }

}  // namespace caddie
