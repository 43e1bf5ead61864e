// SPDX-License-Identifier: Apache-2.0
// Computes the cross-entropy of logits in nats: the negative logarithm of the target's probability under the
// softmax. No probability is stored, but the logarithm of the sum of each row, of which the gradient is made.
#include <caddie/math.h>
#include <caddie/ops.h>

#include <cmath>

namespace caddie {
namespace {

// Returns log(sum(exp(z))) of a row z.
template <class Row>
CADDIE_FN float log_of_sum(Row row, const float* z) {
  float top = row.max([=](int i) { return z[i]; });
  float sum = row.sum([=](int i) { return caddie::exp(z[i] - top); });
  return top + logf(sum);
}

// Sets nats = log(sum(exp(z))) - z[target] for each row z of the logits.
struct CrossEntropyForward {
  const float* logits;
  const int32_t* targets;
  float *nats, *log_sum;  // Each holds one number for each row.
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* z = logits + r * row.n;
    float whole = log_of_sum(row, z);
    float loss = targets[r] < 0 ? 0 : whole - z[targets[r]];
    row.first([=, to = nats + r, keep = log_sum + r] {
      *to = loss;
      *keep = whole;
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
    int target = targets[r];
    float d = target < 0 ? 0 : dnats[r], shift = log_sum[r];
    if (fresh)
      row.each([=](int i) { dz[i] = (caddie::exp(z[i] - shift) - (i == target ? 1.0f : 0.0f)) * d; });
    else
      row.each([=](int i) { dz[i] += (caddie::exp(z[i] - shift) - (i == target ? 1.0f : 0.0f)) * d; });
  }
};

struct LogSumExpForward {
  const float* logits;
  float* log_sum;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    float whole = log_of_sum(row, logits + r * row.n);
    row.first([=, to = log_sum + r] { *to = whole; });
  }
};

// Adds softmax(z) dlog_sum to dz.
struct LogSumExpBackward {
  const float *logits, *log_sum, *dlog_sum;
  float* dlogits;
  bool fresh;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* z = logits + r * row.n;
    float* dz = dlogits + r * row.n;
    float d = dlog_sum[r], shift = log_sum[r];
    if (fresh)
      row.each([=](int i) { dz[i] = caddie::exp(z[i] - shift) * d; });
    else
      row.each([=](int i) { dz[i] += caddie::exp(z[i] - shift) * d; });
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

Var log_sum_exp(Var logits) {
  check(logits.shape().rank() == 3, "log_sum_exp: logits are {}; wanted [B,T,V]", logits.shape());
  int n = int(logits.shape().last());
  int64_t rows = logits.shape().rows();
  Var y = result({logits.shape()[0], logits.shape()[1]});
  for_rows(logits.device(), rows, n, LogSumExpForward{logits.data(), y.data()});
  record(y, {logits}, [=] {
    GradientSlot dz = logits.grad_slot();
    for_rows(logits.device(), rows, n,
             LogSumExpBackward{logits.data(), y.data(), y.grad(), dz.data, dz.fresh});
  });
  return y;
}

}  // namespace caddie
