// SPDX-License-Identifier: Apache-2.0
// Computes the cross-entropy of logits in nats: the negative logarithm of the target's probability under the
// softmax. No probability is stored.
#include <caddie/math.h>
#include <caddie/ops.h>

#include <cmath>

namespace caddie {
namespace {

// Sets nats = log(sum(exp(z))) - z[target] for each row z of the logits.
struct CrossEntropyForward {
  const float* logits;
  const int32_t* targets;
  float *nats, *log_sum;  // Each holds one number for each row.
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* z = logits + r * row.n;
    float top = row.max([=](int i) { return z[i]; });
    float sum = row.sum([=](int i) { return caddie::exp(z[i] - top); });
    float log_of_sum = top + logf(sum);
    float target = z[targets[r]];
    row.first([=, to = nats + r, keep = log_sum + r] {
      *to = log_of_sum - target;
      *keep = log_of_sum;
    });
  }
};

// Adds (softmax(z) - onehot(target)) dnats to dz.
struct CrossEntropyBackward {
  const float* logits;
  const int32_t* targets;
  const float *log_sum, *dnats;
  float* dlogits;
  bool fresh;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* z = logits + r * row.n;
    float* dz = dlogits + r * row.n;
    float d = dnats[r], shift = log_sum[r];
    int target = targets[r];
    if (fresh)
      row.each([=](int i) { dz[i] = (caddie::exp(z[i] - shift) - (i == target ? 1.0f : 0.0f)) * d; });
    else
      row.each([=](int i) { dz[i] += (caddie::exp(z[i] - shift) - (i == target ? 1.0f : 0.0f)) * d; });
  }
};

}  // namespace

Var cross_entropy(Var logits, Ids targets) {
  check(
      logits.shape().rank() == 3 && logits.shape()[0] == targets.batch && logits.shape()[1] == targets.length,
      "cross_entropy: logits are {} for targets [{}, {}]; wanted [B,T,V] and [B,T]", logits.shape(),
      targets.batch, targets.length);
  int n = int(logits.shape().last());
  int64_t rows = targets.numel();
  Var nats = result({targets.batch, targets.length});
  float* log_sum = scratch(rows);
  for_rows(logits.device(), rows, n, CrossEntropyForward{logits.data(), targets.data, nats.data(), log_sum});
  record(nats, {logits}, [=] {
    GradientSlot dz = logits.grad_slot();
    for_rows(logits.device(), rows, n,
             CrossEntropyBackward{logits.data(), targets.data, log_sum, nats.grad(), dz.data, dz.fresh});
  });
  return nats;
}

}  // namespace caddie
