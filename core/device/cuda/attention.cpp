// SPDX-License-Identifier: Apache-2.0
// Computes the scores of some query positions as whole matrices, which cuBLAS multiplies, and turns them into
// probabilities by a kernel.
#include "device/cuda/attention.h"

#include <caddie/kernel.h>
#include <caddie/math.h>

#include <algorithm>
#include <cmath>

namespace caddie {
namespace {

// The scores of one chunk take at most 256 MiB, unless those of one query position alone need more.
constexpr int64_t kScratchFloats = int64_t(64) << 20;

// Names the keys [first, last].
struct Seen {
  int first, last;
  CADDIE_FN bool operator()(int i) const { return i >= first && i <= last; }
};

// Names the query positions [start, start + rows) of every head and sequence, and the keys [0, keys) that
// they may see. Scores lie as [heads, batch, rows, keys]. A mask makes them zero, and saves no products.
struct Chunk {
  int64_t batch, heads, length, start, rows, keys;
  const int32_t* first_seen;
  int64_t matrix() const { return rows * keys; }
  int64_t of_head(int64_t h) const { return h * batch * matrix(); }
  // Returns which keys the query of row r of the scores may see.
  CADDIE_FN Seen seen(int64_t r) const {
    int64_t b = r / rows % batch, t = start + r % rows;
    return {first_seen ? first_seen[b * length + t] : 0, int(t)};
  }
  // Returns where the query of row r stands in log_sum, [batch, heads, length].
  CADDIE_FN int64_t log_sum_at(int64_t r) const {
    int64_t h = r / rows / batch, b = r / rows % batch;
    return (b * heads + h) * length + start + r % rows;
  }
};

// Turns scores into probabilities, in place. log_sum may be null.
struct CausalSoftmax {
  Chunk chunk;
  float *score, *log_sum;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    float* s = score + r * row.n;
    Seen seen = chunk.seen(r);
    float top = row.max([=](int i) { return s[seen(i) ? i : seen.last]; });
    float sum = row.sum([=](int i) { return seen(i) ? caddie::exp(s[i] - top) : 0.0f; });
    float inverse = 1 / sum;
    row.each([=](int i) { s[i] = seen(i) ? caddie::exp(s[i] - top) * inverse : 0.0f; });
    if (log_sum) row.first([=, to = log_sum + chunk.log_sum_at(r)] { *to = top + logf(sum); });
  }
};

// Turns scores into probabilities p, and the gradients dp of those into gradients of scores: ds = p (dp -
// sum(p dp)).
struct CausalSoftmaxBackward {
  Chunk chunk;
  const float* log_sum;
  float *score, *gradient;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    float *p = score + r * row.n, *d = gradient + r * row.n;
    Seen seen = chunk.seen(r);
    float shift = log_sum[chunk.log_sum_at(r)];
    row.each([=](int i) { p[i] = seen(i) ? caddie::exp(p[i] - shift) : 0.0f; });
    float along = row.sum([=](int i) { return p[i] * d[i]; });
    row.each([=](int i) { d[i] = p[i] * (d[i] - along); });
  }
};

// Says how heads lie in memory: each head has one matrix for each sequence.
struct Layout {
  int64_t head_dim, length, query_stride, key_stride, group;

  explicit Layout(const AttentionShape& shape)
      : head_dim(shape.head_dim),
        length(shape.length),
        query_stride(int64_t(shape.heads) * shape.head_dim),
        key_stride(int64_t(shape.kv_heads) * shape.head_dim),
        group(shape.heads / shape.kv_heads) {}
  int64_t query_at(int64_t h, int64_t start) const { return start * query_stride + h * head_dim; }
  int64_t key_at(int64_t h) const { return h / group * head_dim; }
  Matrices queries(const float* x, int64_t h, int64_t start) const {
    return {x + query_at(h, start), query_stride, length * query_stride};
  }
  Matrices keys(const float* x, int64_t h) const { return {x + key_at(h), key_stride, length * key_stride}; }
};

void check_shape(const AttentionShape& shape) {
  check(shape.first == 0, "attention: on CUDA a pass starts at position 0, not at {}", shape.first);
  check(shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0,
        "attention: {} key heads do not divide {} query heads", shape.kv_heads, shape.heads);
}

/// Calls body(chunk) for one part of the query positions after the other. Parts are as large as fits when the
/// body needs `buffers` matrices of scores.
template <class Body>
void for_chunks(const AttentionShape& shape, int buffers, Body body) {
  int64_t a_position = shape.batch * shape.heads * shape.length * buffers;
  if (a_position == 0) return;
  int64_t step = std::max<int64_t>(kScratchFloats / a_position, 1);
  if (step > 32) step -= step % 32;
  for (int64_t start = 0; start < shape.length; start += step) {
    int64_t rows = std::min(step, shape.length - start);
    body(Chunk{shape.batch, shape.heads, shape.length, start, rows, start + rows, shape.first_seen});
  }
}

/// Sets out[h, b] = scale * x y^T for every head, where x is shaped like queries and y like keys.
void multiply_by_keys(Blas& blas, const Chunk& c, const Layout& at, float scale, const float* x,
                      const float* y, float* out) {
  for (int64_t h = 0; h < c.heads; ++h)
    blas.multiply(Transpose::kNo, Transpose::kYes, c.rows, c.keys, at.head_dim, scale,
                  at.queries(x, h, c.start), at.keys(y, h), 0, out + c.of_head(h), c.keys, c.matrix(),
                  c.batch);
}

/// Sets x = scale * s y + beta * x, where s are scores, x is shaped like queries and y like keys.
void gather_to_queries(Blas& blas, const Chunk& c, const Layout& at, float scale, const float* s,
                       const float* y, float beta, float* x) {
  for (int64_t h = 0; h < c.heads; ++h)
    blas.multiply(Transpose::kNo, Transpose::kNo, c.rows, at.head_dim, c.keys, scale,
                  {s + c.of_head(h), c.keys, c.matrix()}, at.keys(y, h), beta, x + at.query_at(h, c.start),
                  at.query_stride, at.length * at.query_stride, c.batch);
}

/// Adds scale * s^T x to y, where s are scores, x is shaped like queries and y like keys. Heads of a group
/// add to the same y, one after the other.
void add_to_keys(Blas& blas, const Chunk& c, const Layout& at, float scale, const float* s, const float* x,
                 float* y) {
  for (int64_t h = 0; h < c.heads; ++h)
    blas.multiply(Transpose::kYes, Transpose::kNo, c.keys, at.head_dim, c.rows, scale,
                  {s + c.of_head(h), c.keys, c.matrix()}, at.queries(x, h, c.start), 1, y + at.key_at(h),
                  at.key_stride, at.length * at.key_stride, c.batch);
}

}  // namespace

void cuda_attention_forward(Blas& blas, CudaScratch& scratch, const AttentionShape& shape, float scale,
                            const float* q, const float* k, const float* v, float* y, float* log_sum) {
  check_shape(shape);
  Layout at(shape);
  for_chunks(shape, 1, [&](const Chunk& c) {
    float* score = scratch.reserve(c.of_head(c.heads));
    multiply_by_keys(blas, c, at, scale, q, k, score);
    for_rows(Device::kCuda, c.heads * c.batch * c.rows, int(c.keys), CausalSoftmax{c, score, log_sum});
    gather_to_queries(blas, c, at, 1, score, v, 0, y);
  });
}

void cuda_attention_backward(Blas& blas, CudaScratch& scratch, const AttentionShape& shape, float scale,
                             const float* q, const float* k, const float* v, const float* log_sum,
                             const float* dy, float* dq, float* dk, float* dv) {
  check_shape(shape);
  Layout at(shape);
  for_chunks(shape, 2, [&](const Chunk& c) {
    int64_t scores = c.of_head(c.heads);
    float* score = scratch.reserve(2 * scores);
    float* gradient = score + scores;
    multiply_by_keys(blas, c, at, scale, q, k, score);
    multiply_by_keys(blas, c, at, 1, dy, v, gradient);
    for_rows(Device::kCuda, c.heads * c.batch * c.rows, int(c.keys),
             CausalSoftmaxBackward{c, log_sum, score, gradient});
    add_to_keys(blas, c, at, 1, score, dy, dv);
    gather_to_queries(blas, c, at, scale, gradient, k, 1, dq);
    add_to_keys(blas, c, at, scale, gradient, q, dk);
  });
}

}  // namespace caddie
