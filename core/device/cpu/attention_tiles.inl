// SPDX-License-Identifier: Apache-2.0
// Computes the products inside a block of attention, tile by tile. The result replaces what is there, is
// added to it, or is added after that was rescaled.
#pragma once
#include "device/cpu/attention_mask.inl"
#include "device/cpu/tile.inl"

namespace caddie {
namespace {

constexpr int kLastRows = kBlock % kTileRows;  // The last tile of a block has this many rows.

/// Stores the sum.
struct Replace {
  __attribute__((always_inline)) void operator()(Vector sum, float* to, int) const { store(to, sum); }
};
/// Adds the sum to what is there.
struct Add {
  __attribute__((always_inline)) void operator()(Vector sum, float* to, int) const {
    store(to, load(to) + sum);
  }
};
/// Multiplies what is there by the factor of its row, and adds the sum.
struct Rescale {
  const float* factor;
  __attribute__((always_inline)) void operator()(Vector sum, float* to, int row) const {
    store(to, fma(load(to), fill(factor[row]), sum));
  }
};
/// These return the functor for a tile that begins at a row.
inline Replace from(Replace finish, int64_t) { return finish; }
inline Add from(Add finish, int64_t) { return finish; }
inline Rescale from(Rescale finish, int64_t row) { return {finish.factor + row}; }

/// Computes one tile in a function of its own.
template <class L, int kRows, int kVectors, class Finish>
CADDIE_ASKS_FIRST __attribute__((noinline)) void block_tile(int64_t depth, const float* left,
                                                            const float* right, int64_t right_stride,
                                                            float* c, int64_t ldc, Finish finish) {
  multiply_tile<L, kRows, kVectors>(depth, left, right, right_stride, c, ldc, finish);
}

/// Computes one row of tiles, c[rows of a tile, columns]; columns are rounded up to whole vectors.
template <class L, int kRows, class Finish>
void multiply_row(int64_t depth, int64_t columns, const float* left, const float* right, int64_t right_stride,
                  float* c, int64_t ldc, Finish finish) {
  int64_t j = 0;
  for (; j + kWidth < columns; j += kTileColumns) {
    block_tile<L, kRows, kTileVectors>(depth, left, right + j, right_stride, c + j, ldc, finish);
  }
  if (j < columns) block_tile<L, kRows, 1>(depth, left, right + j, right_stride, c + j, ldc, finish);
}

/// Computes the row of tiles that begins at `row` of a block; the last one has fewer rows.
template <class L, class Finish>
void multiply_row(int64_t row, int64_t depth, int64_t columns, const float* left, const float* right,
                  int64_t right_stride, float* c, int64_t ldc, Finish finish) {
  if (row + kTileRows <= kBlock) {
    multiply_row<L, kTileRows>(depth, columns, left, right, right_stride, c, ldc, from(finish, row));
  } else {
    multiply_row<L, kLastRows>(depth, columns, left, right, right_stride, c, ldc, from(finish, row));
  }
}

}  // namespace
}  // namespace caddie
