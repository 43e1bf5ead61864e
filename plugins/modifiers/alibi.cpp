// SPDX-License-Identifier: Apache-2.0
// Attention with linear biases in place of position embeddings: the score of query head h at position i for
// the key at j becomes q k / sqrt(D) - m_h (i - j). With H heads, a power of two, m_h = 2^(-8 (h + 1) / H);
// for another H the slopes of the next smaller power of two P come first, then every second one of 2 P.
// Softmax does not see m_h i, so it suffices that heads grow by kMore components, of which the first is m_h
// in queries and j in keys, with factors that undo the new 1 / sqrt(D + kMore). The sum m_h j is rounded to
// float32 with the score, to 3e-5 where it comes to 512.
// It is last at its sites, so that what other techniques see there are heads of size D, or with zeros behind.
// Source: arXiv:2108.12409.
#include <caddie/plugin.h>

#include <cmath>
using namespace caddie;

constexpr int kMore = 8;  // One would do, but rows of a multiple of eight are faster.

// Writes rows of `from` numbers into rows of row.n, times a factor; behind them stands a number of `next`, if
// there is such a table, then zeros. Row r has the number r / each % count of the table.
struct Resize {
  const float *x, *next;
  float* y;
  int from;
  int64_t each, count;
  float factor;
  bool add;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* x_r = x + r * from;
    float* y_r = y + r * row.n;
    float behind = next ? next[r / each % count] : 0;
    row.each([=, *this](int i) {
      float value = i < from ? x_r[i] * factor : i == from ? behind : 0;
      y_r[i] = add ? y_r[i] + value : value;
    });
  }
};

// Returns heads [B,T,H,D] as [B,T,H,size], as Resize says.
Var resized(Var x, int64_t size, float factor = 1, const Tensor& next = {}, int64_t each = 1) {
  int from = int(x.shape()[3]);
  Var y = result({x.shape()[0], x.shape()[1], x.shape()[2], size});
  const float* table = next.defined() ? next.data() : nullptr;
  int64_t rows = y.shape().rows(), count = table ? next.numel() : 1;
  for_rows(x.device(), rows, int(size), Resize{x.data(), table, y.data(), from, each, count, factor, false});
  record(y, {x}, [=] {
    GradientSlot dx = x.grad_slot();
    for_rows(x.device(), rows, from, Resize{y.grad(), nullptr, dx.data, int(size), 1, 1, factor, !dx.fresh});
  });
  return y;
}

double slope(int head, int heads) {
  int power = 1;
  while (2 * power <= heads) power *= 2;
  return head < power ? std::exp2(-8.0 * (head + 1) / power)
                      : std::exp2(-4.0 * (2 * (head - power) + 1) / power);
}

struct Alibi final : Modifier {
  QueryKey query_key(Block& block, QueryKey qk) override {
    int64_t length = qk.k.shape()[1], size = qk.q.shape()[3], larger = size + kMore;
    int heads = int(qk.q.shape()[2]);
    Tensor slopes = block.forward.table(0, {heads}, [=](float* out) {
      for (int h = 0; h < heads; ++h) out[h] = float(slope(h, heads) * std::sqrt(double(larger)));
    });
    Tensor places = block.forward.table(length, {length}, [=](float* out) {
      for (int64_t j = 0; j < length; ++j) out[j] = float(j);
    });
    auto factor = float(std::sqrt(double(larger) / double(size)));
    return {resized(qk.q, larger, factor, slopes), resized(qk.k, larger, 1, places, qk.k.shape()[2])};
  }
  Var value(Block&, Var v) override { return resized(v, v.shape()[3] + kMore); }
  Var attended(Block&, Var y) override { return resized(y, y.shape()[3] - kMore); }
};

CADDIE_PLUGIN(Alibi, .summary = "Scores of attention fall with the distance, by a slope for each head.",
              .source = "arXiv:2108.12409", .phase = Phase::kLimit);
