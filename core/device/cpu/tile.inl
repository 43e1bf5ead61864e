// SPDX-License-Identifier: Apache-2.0
// Computes the innermost product: a tile of c is summed in registers, from the first k to the last, with one
// fused multiply-add for each term.
#pragma once
#include "device/cpu/simd.inl"

namespace caddie {
namespace {

constexpr int kTileVectors = 2;  // A row of a tile has this many vectors.
constexpr int kTileColumns = kTileVectors * kWidth;
// With this many rows the sums of a tile, one row of the right factor and one number of the left one fill the
// registers.
constexpr int kTileRows = kWidth == 16 ? 14 : 6;
constexpr int kChunk = 16;  // A left factor is stored in chunks of this depth.

/// Says how a left factor lies in memory: the distances from row to row and from one k to the next are
/// constants, so that the innermost loop needs no address arithmetic; k advances by `chunk` every kChunk.
template <int row, int depth, int chunk>
struct Left {
  static constexpr int kRow = row, kDepth = depth, kChunkStride = chunk;
};
/// A sliver holds kTileRows rows, in chunks of kChunk along k, each in the order in which the source is
/// stored.
using Sliver = Left<kChunk, 1, kTileRows * kChunk>;
using TransposedSliver = Left<1, kTileRows, kTileRows * kChunk>;

/// Adds the products of one k: column k of the left factor times a row of the right one.
template <class L, int kRows, int kVectors>
__attribute__((always_inline)) inline void add_term(Vector (&sum)[kRows][kVectors], const float* left, int k,
                                                    const float* right) {
  Vector row[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) row[v] = load(right + v * kWidth);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const Vector x = fill(left[r * L::kRow + k * L::kDepth]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[r][v] = fma(x, row[v], sum[r][v]);
  }
}

/// Calls finish(sum, to, row) for each vector of left[kRows,depth] times right[depth,kVectors * kWidth].
/// Callers are marked CADDIE_ASKS_FIRST, because addresses are checked here, before the innermost loop.
template <class L, int kRows, int kVectors, class Finish>
__attribute__((always_inline)) inline void multiply_tile(int64_t depth, const float* left, const float* right,
                                                         int64_t right_stride, float* c, int64_t ldc,
                                                         Finish finish) {
  if (depth > 0) {
    const int64_t last = (depth - 1) / kChunk * L::kChunkStride + (depth - 1) % kChunk * L::kDepth;
    require_addresses(left, last + (kRows - 1) * L::kRow + 1);
    require_addresses(right, (depth - 1) * right_stride + kVectors * kWidth);
  }
  for (int r = 0; r < kRows; ++r) require_addresses(c + r * ldc, kVectors * kWidth);
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[r][v] = fill(0);
  }
  int64_t k = 0;
  for (; k + kChunk <= depth; k += kChunk, left += L::kChunkStride) {
#pragma GCC unroll 4
    for (int i = 0; i < kChunk; ++i, right += right_stride) add_term<L>(sum, left, i, right);
  }
  for (int i = 0; k < depth; ++k, ++i, right += right_stride) add_term<L>(sum, left, i, right);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) finish(sum[r][v], c + r * ldc + v * kWidth, r);
  }
}

/// Copies a[rows,depth] into slivers that lie sliver_floats apart.
void pack_slivers(int64_t rows, int64_t depth, const float* a, int64_t lda, float* slivers,
                  int64_t sliver_floats) {
  for (int64_t row = 0; row < rows; ++row) {
    float* to = slivers + row / kTileRows * sliver_floats + row % kTileRows * kChunk;
    const float* from = a + row * lda;
    int64_t k = 0;
    for (; k + kChunk <= depth; k += kChunk, to += kTileRows * kChunk) {
      __builtin_memcpy(to, from + k, sizeof(float) * kChunk);
    }
    for (; k < depth; ++k, ++to) *to = from[k];
  }
}

}  // namespace
}  // namespace caddie
