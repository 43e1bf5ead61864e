// SPDX-License-Identifier: Apache-2.0
// Computes causal attention for one instruction set by the online softmax of FlashAttention
// (arXiv:2205.14135), in blocks of kBlock queries by kBlock keys. Scores are kept transposed, [key, query]:
// the softmax then runs down the lanes of vectors and adds in the order of the keys, so its bits do not
// depend on the width. Queries are scaled by scale * log2(e), so that exp becomes exp2.
#include "device/cpu/attention_mask.inl"
#include "device/cpu/attention_tiles.inl"
#include "device/cpu/scratch.h"

namespace caddie {
namespace {

constexpr int kSliversPerBlock = (kBlock + kTileRows - 1) / kTileRows;
constexpr float kLog2E = 1.44269504f;
constexpr float kLn2 = 0.693147181f;

/// These read the matrix of scores as a left factor, with keys or with queries as rows.
using ByKey = Left<kBlock, 1, kChunk>;
using ByQuery = Left<1, kBlock, kChunk * kBlock>;

/// Says where one head of one sequence lies: position t is at base + t * stride.
template <class T>
struct HeadView {
  T* base;
  int64_t stride;
  T* at(int64_t t) const { return base + t * stride; }
};
using Source = HeadView<const float>;
using Target = HeadView<float>;

/// Holds the sizes that all loops share.
struct Sizes {
  int64_t length, depth, width, blocks, block_floats;
  int64_t rows(int64_t block) const { return minimum(kBlock, length - block * kBlock); }
  int64_t padded_length() const { return blocks * kBlock; }
};

Sizes sizes_of(const AttentionShape& shape) {
  const int64_t depth = shape.head_dim, sliver_floats = kTileRows * round_up(depth, kChunk);
  return {shape.length, depth, round_up(depth, kWidth), (shape.length + kBlock - 1) / kBlock,
          kSliversPerBlock * sliver_floats};
}

int64_t sliver_floats(const Sizes& s) { return s.block_floats / kSliversPerBlock; }

/// Packs each block into slivers, [blocks, block_floats].
void pack_blocks(const Sizes& s, Source from, float* slivers) {
  for (int64_t b = 0; b < s.blocks; ++b) {
    pack_slivers(s.rows(b), s.depth, from.at(b * kBlock), from.stride, slivers + b * s.block_floats,
                 sliver_floats(s));
  }
}

/// Copies the rows, padded with zeros to whole vectors, to [length, width].
void pack_rows(const Sizes& s, Source from, float* rows) {
  for (int64_t t = 0; t < s.length; ++t) {
    copy(s.depth, from.at(t), rows + t * s.width);
    for (int64_t c = s.depth; c < s.width; ++c) rows[t * s.width + c] = 0;
  }
}

/// Writes block b, transposed and scaled, to [depth, kBlock]; positions beyond the last are zero.
void pack_columns(const Sizes& s, Source from, int64_t b, float scale, float* columns) {
  const int64_t rows = s.rows(b);
  transpose(rows, s.depth, from.at(b * kBlock), from.stride, columns, kBlock);
  for (int64_t c = 0; c < s.depth; ++c) {
    for (int64_t t = rows; t < kBlock; ++t) columns[c * kBlock + t] = 0;
    if (scale == 1) continue;
    for (int64_t t = 0; t < kBlock; t += kWidth) {
      float* to = columns + c * kBlock + t;
      store(to, load(to) * fill(scale));
    }
  }
}

/// Computes scores[key, query] of one pair of blocks. Tiles whose keys all lie after their queries are left
/// out.
void multiply_keys(const Sizes& s, int64_t keys, int64_t queries, bool diagonal, const float* slivers,
                   const float* columns, float* scores) {
  for (int64_t row = 0; row < keys; row += kTileRows) {
    const int64_t first = diagonal ? row / kWidth * kWidth : 0;
    multiply_row<Sliver>(row, s.depth, queries - first, slivers + row / kTileRows * sliver_floats(s),
                         columns + first, kBlock, scores + row * kBlock + first, kBlock, Replace{});
  }
}

constexpr int kGroup = 4;  // The softmax works on so many vectors of queries together.

/// Does one step of the online softmax: sets scores = exp2(scores - peak), where peak is the running maximum
/// of each query, updates peak and the running sum, and sets `shrink` to the factor by which earlier results
/// shrink. With kMasked query q sees the keys from seen[q] on alone; the others get 0.
template <bool kDiagonal, bool kMasked>
void online_softmax(int64_t keys, const float* seen, float* scores, float* peak, float* sum, float* shrink) {
  for (int64_t q = 0; q < kBlock; q += kGroup * kWidth) {
    Vector top[kGroup], total[kGroup], from[kGroup];
#pragma GCC unroll 4
    for (int g = 0; g < kGroup; ++g) {
      top[g] = load(peak + q + g * kWidth);
      if (kMasked) from[g] = load(seen + q + g * kWidth);
    }
    for (int64_t key = 0; key < keys; ++key) {
#pragma GCC unroll 4
      for (int g = 0; g < kGroup; ++g) {
        const int64_t lane = q + g * kWidth;
        if (kDiagonal && key >= lane + kWidth) continue;
        Vector x = load(scores + key * kBlock + lane);
        if (kDiagonal) x = keep_from(key - lane, x, top[g]);
        if (kMasked) x = keep_reached(from[g], key, x, top[g]);
        top[g] = maximum(top[g], x);
      }
    }
#pragma GCC unroll 4
    for (int g = 0; g < kGroup; ++g) {
      const int64_t lane = q + g * kWidth;
      const Vector factor = exp2(load(peak + lane) - top[g]);
      store(shrink + lane, factor);
      store(peak + lane, top[g]);
      total[g] = load(sum + lane) * factor;
    }
    for (int64_t key = 0; key < keys; ++key) {
#pragma GCC unroll 4
      for (int g = 0; g < kGroup; ++g) {
        const int64_t lane = q + g * kWidth;
        float* score = scores + key * kBlock + lane;
        if (kDiagonal && key >= lane + kWidth) {
          store(score, fill(0));
          continue;
        }
        Vector x = exp2(load(score) - top[g]);
        if (kDiagonal) x = keep_from(key - lane, x, fill(0));
        if (kMasked) x = keep_reached(from[g], key, x, fill(0));
        total[g] = total[g] + x;
        store(score, x);
      }
    }
#pragma GCC unroll 4
    for (int g = 0; g < kGroup; ++g) store(sum + q + g * kWidth, total[g]);
  }
}

/// Lists the steps by whether the pair of blocks lies on the diagonal, and by whether it is masked.
constexpr auto kOnlineSoftmax = by_pair(online_softmax<false, false>, online_softmax<false, true>,
                                        online_softmax<true, false>, online_softmax<true, true>);

/// Sets out[query, :] = shrink * out + the weighted values of one block of keys.
void add_values(const Sizes& s, int64_t keys, int64_t queries, bool diagonal, const float* scores,
                const float* values, const float* shrink, float* out) {
  for (int64_t row = 0; row < queries; row += kTileRows) {
    const int64_t depth = diagonal ? minimum(keys, row + kTileRows) : keys;
    multiply_row<ByQuery>(row, depth, s.width, scores + row, values, s.width, out + row * s.width, s.width,
                          Rescale{shrink});
  }
}

/// Holds the scratch of a forward pass, which takes one head at a time.
struct ForwardScratch {
  float *slivers, *values, *columns, *scores, *out;
  float peak[kBlock], sum[kBlock], shrink[kBlock], seen[kBlock];
};

/// Writes y = out / sum, and the natural logarithm of the sums of exp(score) where log_sum is not null.
void finish_block(const Sizes& s, int64_t i, const ForwardScratch& w, Target y, float* log_sum) {
  alignas(64) float inverse[kBlock], log[kBlock];
  for (int q = 0; q < kBlock; q += kWidth) {
    store(inverse + q, fill(1) / load(w.sum + q));
    store(log + q, (load(w.peak + q) + log2(load(w.sum + q))) * fill(kLn2));
  }
  for (int64_t q = 0; q < s.rows(i); ++q) {
    float* to = y.at(i * kBlock + q);
    for (int64_t c = 0; c < s.depth; ++c) to[c] = w.out[q * s.width + c] * inverse[q];
    if (log_sum) log_sum[i * kBlock + q] = log[q];
  }
}

/// Computes y for query block i, going through the key blocks that it sees, up to the diagonal.
void attend_block(const Sizes& s, int64_t i, Mask mask, ForwardScratch& w, Target y, float* log_sum) {
  const int64_t queries = s.rows(i);
  for (int q = 0; q < kBlock; ++q) {
    w.peak[q] = mask.lowest_peak();
    w.sum[q] = 0;
  }
  for (int64_t n = 0; n < kBlock * s.width; ++n) w.out[n] = 0;
  for (int64_t j = mask.first_block(i); j <= i; ++j) {
    const int64_t keys = s.rows(j);
    const bool masked = mask.hides(i, j, queries);
    multiply_keys(s, keys, queries, j == i, w.slivers + j * s.block_floats, w.columns, w.scores);
    if (masked) mask.seen_keys(i, j, queries, w.seen);
    kOnlineSoftmax[j == i][masked](keys, w.seen, w.scores, w.peak, w.sum, w.shrink);
    add_values(s, keys, queries, j == i, w.scores, w.values + j * kBlock * s.width, w.shrink, w.out);
  }
  finish_block(s, i, w, y, log_sum);
}

void attention_forward_kernel(const AttentionShape& shape, float scale, const float* q, const float* k,
                              const float* v, float* y, float* log_sum) {
  const Sizes s = sizes_of(shape);
  const int64_t group = shape.heads / shape.kv_heads;
  const int64_t stride = shape.heads * s.depth, kv_stride = shape.kv_heads * s.depth;
  ForwardScratch w;
  const int64_t slivers = s.blocks * s.block_floats, values = s.padded_length() * s.width;
  w.slivers = thread_scratch(slivers + values + kBlock * (s.depth + kBlock + s.width));
  w.values = w.slivers + slivers;
  w.columns = w.values + values;
  w.scores = w.columns + kBlock * s.depth;
  w.out = w.scores + kBlock * kBlock;
  for (int64_t b = 0; b < shape.batch; ++b) {
    for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      const int64_t kv_offset = b * s.length * kv_stride + kv_head * s.depth;
      pack_blocks(s, {k + kv_offset, kv_stride}, w.slivers);
      pack_rows(s, {v + kv_offset, kv_stride}, w.values);
      for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        // The offset is where position 0 would lie; nothing before position `first` is read or written.
        const int64_t kept = s.length - shape.first;
        const int64_t offset = (b * kept - shape.first) * stride + head * s.depth;
        float* const sums = log_sum ? log_sum + (b * shape.heads + head) * kept - shape.first : nullptr;
        for (int64_t i = shape.first / kBlock; i < s.blocks; ++i) {
          pack_columns(s, {q + offset, stride}, i, scale * kLog2E, w.columns);
          attend_block(s, i, mask_of(shape, b), w, {y + offset, stride}, sums);
        }
      }
    }
  }
}

/// Holds what the backward pass keeps of one key head: the slivers of all blocks of k and v, the rows of k,
/// and the sums of dk and dv.
struct KeyScratch {
  float *key_slivers, *value_slivers, *keys, *dk, *dv;
};

/// Holds what the backward pass keeps of one query head: transposed blocks of q and dy, rows of both, the sum
/// of dq, and for each query log2(sum(exp(score))) and dot(dy, y).
struct QueryScratch {
  float *columns, *dy_columns, *queries, *dy, *dq, *log_sum, *dot;
};

/// Turns scores and dp[key, query] = v dy^T into probabilities and the gradient of the scores. `seen` is that
/// of online_softmax().
template <bool kDiagonal, bool kMasked>
void online_softmax_backward(int64_t keys, const float* seen, const float* log_sum, const float* dot,
                             float* scores, float* dp) {
  for (int64_t q = 0; q < kBlock; q += kGroup * kWidth) {
    Vector log[kGroup], sum[kGroup], from[kGroup];
#pragma GCC unroll 4
    for (int g = 0; g < kGroup; ++g) {
      if (kMasked) from[g] = load(seen + q + g * kWidth);
      log[g] = load(log_sum + q + g * kWidth);
      sum[g] = load(dot + q + g * kWidth);
    }
    for (int64_t key = 0; key < keys; ++key) {
#pragma GCC unroll 4
      for (int g = 0; g < kGroup; ++g) {
        const int64_t lane = q + g * kWidth, at = key * kBlock + lane;
        if (kDiagonal && key >= lane + kWidth) {
          store(scores + at, fill(0));
          store(dp + at, fill(0));
          continue;
        }
        Vector p = exp2(load(scores + at) - log[g]);
        Vector ds = p * (load(dp + at) - sum[g]);
        if (kDiagonal) {
          p = keep_from(key - lane, p, fill(0));
          ds = keep_from(key - lane, ds, fill(0));
        }
        if (kMasked) {
          p = keep_reached(from[g], key, p, fill(0));
          ds = keep_reached(from[g], key, ds, fill(0));
        }
        store(scores + at, p);
        store(dp + at, ds);
      }
    }
  }
}

constexpr auto kOnlineSoftmaxBackward =
    by_pair(online_softmax_backward<false, false>, online_softmax_backward<false, true>,
            online_softmax_backward<true, false>, online_softmax_backward<true, true>);

/// Adds what queries of block i and keys of block j give to each other's gradients.
void add_pair(const Sizes& s, int64_t i, int64_t j, Mask mask, const KeyScratch& kv, const QueryScratch& w,
              float* scores, float* dp) {
  const bool diagonal = i == j;
  const int64_t queries = s.rows(i), keys = s.rows(j), query = i * kBlock, key = j * kBlock;
  multiply_keys(s, keys, queries, diagonal, kv.key_slivers + j * s.block_floats, w.columns + query * s.depth,
                scores);
  multiply_keys(s, keys, queries, diagonal, kv.value_slivers + j * s.block_floats,
                w.dy_columns + query * s.depth, dp);
  const bool masked = mask.hides(i, j, queries);
  float seen[kBlock] = {};
  if (masked) mask.seen_keys(i, j, queries, seen);
  kOnlineSoftmaxBackward[diagonal][masked](keys, seen, w.log_sum + query, w.dot + query, scores, dp);
  for (int64_t row = 0; row < keys; row += kTileRows) {
    const int64_t first = diagonal ? row : 0, depth = queries - first;
    const int64_t from = (query + first) * s.width, to = (key + row) * s.width;
    multiply_row<ByKey>(row, depth, s.width, scores + row * kBlock + first, w.dy + from, s.width, kv.dv + to,
                        s.width, Add{});
    multiply_row<ByKey>(row, depth, s.width, dp + row * kBlock + first, w.queries + from, s.width, kv.dk + to,
                        s.width, Add{});
  }
  for (int64_t row = 0; row < queries; row += kTileRows) {
    const int64_t depth = diagonal ? minimum(keys, row + kTileRows) : keys;
    multiply_row<ByQuery>(row, depth, s.width, dp + row, kv.keys + key * s.width, s.width,
                          w.dq + (query + row) * s.width, s.width, Add{});
  }
}

/// Packs one query head; y_columns, [head_dim, kBlock], is room for y transposed.
void pack_queries(const Sizes& s, float scale, Source q, Source y, Source dy, const float* log_sum,
                  QueryScratch& w, float* y_columns) {
  pack_rows(s, q, w.queries);
  pack_rows(s, dy, w.dy);
  for (int64_t b = 0; b < s.blocks; ++b) {
    float* const dy_columns = w.dy_columns + b * kBlock * s.depth;
    pack_columns(s, q, b, scale * kLog2E, w.columns + b * kBlock * s.depth);
    pack_columns(s, dy, b, 1, dy_columns);
    pack_columns(s, y, b, 1, y_columns);
    for (int64_t t = 0; t < kBlock; t += kWidth) {
      Vector dot = fill(0);
      for (int64_t c = 0; c < s.depth; ++c) {
        dot = fma(load(dy_columns + c * kBlock + t), load(y_columns + c * kBlock + t), dot);
      }
      store(w.dot + b * kBlock + t, dot);
    }
    for (int64_t t = 0; t < kBlock; ++t) {
      w.log_sum[b * kBlock + t] = t < s.rows(b) ? log_sum[b * kBlock + t] * kLog2E : 0;
    }
  }
  __builtin_memset(w.dq, 0, sizeof(float) * s.padded_length() * s.width);
}

/// Adds scale * rows to `to`.
void add_rows(const Sizes& s, float scale, const float* rows, Target to) {
  for (int64_t t = 0; t < s.length; ++t) {
    float* out = to.at(t);
    for (int64_t c = 0; c < s.depth; ++c) out[c] += scale * rows[t * s.width + c];
  }
}

void attention_backward_kernel(const AttentionShape& shape, float scale, const float* q, const float* k,
                               const float* v, const float* y, const float* log_sum, const float* dy,
                               float* dq, float* dk, float* dv) {
  const Sizes s = sizes_of(shape);
  const int64_t group = shape.heads / shape.kv_heads;
  const int64_t stride = shape.heads * s.depth, kv_stride = shape.kv_heads * s.depth;
  const int64_t slivers = s.blocks * s.block_floats, length = s.padded_length();
  const int64_t rows = length * s.width, columns = length * s.depth;
  const int64_t y_columns_floats = kBlock * s.depth;
  float* next = thread_scratch(2 * slivers + 6 * rows + 2 * columns + 2 * length + 2 * kBlock * kBlock +
                               y_columns_floats);
  const auto take = [&](int64_t floats) { return (next += floats) - floats; };
  const KeyScratch kv{take(slivers), take(slivers), take(rows), take(rows), take(rows)};
  QueryScratch w{take(columns), take(columns), take(rows),  take(rows),
                 take(rows),    take(length),  take(length)};
  float *scores = take(kBlock * kBlock), *dp = take(kBlock * kBlock), *y_columns = take(y_columns_floats);
  for (int64_t b = 0; b < shape.batch; ++b) {
    const Mask mask = mask_of(shape, b);
    for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      const int64_t kv_offset = b * s.length * kv_stride + kv_head * s.depth;
      pack_blocks(s, {k + kv_offset, kv_stride}, kv.key_slivers);
      pack_blocks(s, {v + kv_offset, kv_stride}, kv.value_slivers);
      pack_rows(s, {k + kv_offset, kv_stride}, kv.keys);
      __builtin_memset(kv.dk, 0, sizeof(float) * rows);
      __builtin_memset(kv.dv, 0, sizeof(float) * rows);
      for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        const int64_t offset = b * s.length * stride + head * s.depth;
        pack_queries(s, scale, {q + offset, stride}, {y + offset, stride}, {dy + offset, stride},
                     log_sum + (b * shape.heads + head) * s.length, w, y_columns);
        for (int64_t j = 0; j < s.blocks; ++j) {
          for (int64_t i = j; i < s.blocks && mask.first_block(i) <= j; ++i)
            add_pair(s, i, j, mask, kv, w, scores, dp);
        }
        add_rows(s, scale, w.dq, {dq + offset, stride});
      }
      add_rows(s, scale, kv.dk, {dk + kv_offset, kv_stride});
      add_rows(s, 1, kv.dv, {dv + kv_offset, kv_stride});
    }
  }
}

}  // namespace
}  // namespace caddie
