// SPDX-License-Identifier: Apache-2.0
// Computes the matrix product for one instruction set. A block of op(b) is packed into panels of kTileColumns
// columns, row by row; op(a) into slivers of kTileRows rows. A panel stays in the L1 cache while the slivers
// pass by.
#include <utility>

#include "device/cpu/kernels.h"
#include "device/cpu/tile.inl"

namespace caddie {
namespace {

constexpr int kSlivers =
    kWidth == 16 ? 8 : 16;  // So many slivers and a block fit in a share of the L2 cache.
constexpr int64_t kSliverFloats = kTileRows * kBlockDepth;

/// Sets c[kRows,kTileColumns] = alpha * sliver times panel + beta * c.
template <class L, int kRows>
CADDIE_ASKS_FIRST void product_tile(int64_t depth, const float* sliver, const float* panel, float alpha,
                                    float beta, float* c, int64_t ldc) {
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    prefetch(c + r * ldc);
    prefetch(c + r * ldc + kTileColumns - 1);
  }
  multiply_tile<L, kRows, kTileVectors>(
      depth, sliver, panel, kTileColumns, c,
      ldc, [=](Vector sum, float* to, int) __attribute__((always_inline)) {
        if (beta == 0) {
          store(to, sum * fill(alpha));
        } else if (beta == 1) {
          store(to, fma(sum, fill(alpha), load(to)));
        } else {
          store(to, fma(sum, fill(alpha), load(to) * fill(beta)));
        }
      });
}

/// Computes a product_tile() of a fixed number of rows.
using TileFunction = void (*)(int64_t, const float*, const float*, float, float, float*, int64_t);
/// Lists the tile functions by their number of rows, from 1.
struct TileFunctions {
  TileFunction by_rows[kTileRows];
};

template <class L, size_t... kIndex>
constexpr TileFunctions tile_functions(std::index_sequence<kIndex...>) {
  return {{product_tile<L, int(kIndex) + 1>...}};
}
constexpr auto kPlainTiles = tile_functions<Sliver>(std::make_index_sequence<kTileRows>());
constexpr auto kTransposedTiles = tile_functions<TransposedSliver>(std::make_index_sequence<kTileRows>());

/// Copies kTileRows consecutive floats.
inline void copy_tile_rows(const float* from, float* to) {
#ifdef __AVX512F__
  constexpr __mmask16 kMask = (1 << kTileRows) - 1;
  _mm512_mask_storeu_ps(to, kMask, _mm512_maskz_loadu_ps(kMask, from));
#else
  __builtin_memcpy(to, from, sizeof(float) * kTileRows);
#endif
}

/// Packs a left factor that is stored as [depth, rows] into slivers.
void pack_transposed_slivers(int64_t rows, int64_t depth, const float* a, int64_t lda, float* slivers) {
  for (int64_t k = 0; k < depth; ++k) {
    const float* from = a + k * lda;
    float* to = slivers + k * kTileRows;
    int64_t row = 0;
    for (; row + kTileRows <= rows; row += kTileRows, to += kSliverFloats) {
      copy_tile_rows(from + row, to);
    }
    for (; row < rows; ++row, ++to) *to = from[row];
  }
}

/// Computes a tile that reaches beyond the last column of c: it works on a copy of full width.
void multiply_edge(TileFunction tile, int64_t rows, int64_t columns, const BlockProduct& p,
                   const float* sliver, const float* panel, float* c) {
  alignas(64) float copy[kTileRows * kTileColumns] = {};
  if (p.beta != 0) {
    for (int64_t r = 0; r < rows; ++r)
      __builtin_memcpy(copy + r * kTileColumns, c + r * p.ldc, sizeof(float) * columns);
  }
  tile(p.depth, sliver, panel, p.alpha, p.beta, copy, kTileColumns);
  for (int64_t r = 0; r < rows; ++r)
    __builtin_memcpy(c + r * p.ldc, copy + r * kTileColumns, sizeof(float) * columns);
}

/// Computes a BlockProduct. `slivers` is scratch of kSlivers * kSliverFloats floats.
void multiply_block(const BlockProduct& p, float* slivers) {
  const TileFunctions& tiles = p.ta == Transpose::kYes ? kTransposedTiles : kPlainTiles;
  for (int64_t first = 0; first < p.m; first += kSlivers * kTileRows) {
    const int64_t rows = minimum(kSlivers * kTileRows, p.m - first);
    if (p.ta == Transpose::kYes) {
      pack_transposed_slivers(rows, p.depth, p.a + first, p.lda, slivers);
    } else {
      pack_slivers(rows, p.depth, p.a + first * p.lda, p.lda, slivers, kSliverFloats);
    }
    for (int64_t j = 0; j < p.n; j += kTileColumns) {
      const float* panel = p.block + j * p.depth;
      const int64_t tile_columns = minimum(kTileColumns, p.n - j);
      for (int64_t i = 0; i < rows; i += kTileRows) {
        const int64_t tile_rows = minimum(kTileRows, rows - i);
        if (p.lower && p.first_column + j >= first + i + tile_rows) continue;
        const TileFunction tile = tiles.by_rows[tile_rows - 1];
        const float* sliver = slivers + i / kTileRows * kSliverFloats;
        float* c = p.c + (first + i) * p.ldc + j;
        if (tile_columns == kTileColumns) {
          tile(p.depth, sliver, panel, p.alpha, p.beta, c, p.ldc);
        } else {
          multiply_edge(tile, tile_rows, tile_columns, p, sliver, panel, c);
        }
      }
    }
  }
}

/// Packs op(b) into panels of kTileColumns columns; columns beyond the last are zero.
void pack_block(Transpose tb, int64_t depth, int64_t n, const float* b, int64_t ldb, float* block) {
  for (int64_t j = 0; j < n; j += kTileColumns, block += depth * kTileColumns) {
    const int64_t columns = minimum(kTileColumns, n - j);
    if (tb == Transpose::kYes) {
      transpose(columns, depth, b + j * ldb, ldb, block, kTileColumns);
    } else if (columns == kTileColumns) {
      for (int64_t k = 0; k < depth; ++k) {
        __builtin_memcpy(block + k * kTileColumns, b + k * ldb + j, sizeof(float) * kTileColumns);
      }
    } else {
      for (int64_t k = 0; k < depth; ++k) {
        __builtin_memcpy(block + k * kTileColumns, b + k * ldb + j, sizeof(float) * columns);
      }
    }
    for (int64_t k = 0; columns < kTileColumns && k < depth; ++k) {
      for (int64_t c = columns; c < kTileColumns; ++c) block[k * kTileColumns + c] = 0;
    }
  }
}

/// Copies the lower triangle of c to the upper one, in squares that fit the cache.
void mirror(int64_t m, float* c, int64_t ldc) {
  constexpr int64_t kSide = 8;
  for (int64_t i = 0; i < m; i += kSide) {
    for (int64_t j = 0; j < i; j += kSide) {
      transpose(minimum(kSide, m - i), kSide, c + i * ldc + j, ldc, c + j * ldc + i, ldc);
    }
    for (int64_t r = i; r < minimum(i + kSide, m); ++r) {
      for (int64_t j = i; j < r; ++j) c[j * ldc + r] = c[r * ldc + j];
    }
  }
}

}  // namespace
}  // namespace caddie
