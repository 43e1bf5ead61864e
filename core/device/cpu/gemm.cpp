// SPDX-License-Identifier: Apache-2.0
// Splits matrix products into blocks for the kernels, and packs matrices that are used many times.
#include "device/gemm.h"

#include <caddie/error.h>

#include <algorithm>

#include "device/cpu/buffer.h"
#include "device/cpu/kernels.h"
#include "device/cpu/scratch.h"

namespace caddie {
namespace {

/// Returns where op(x) begins when its first rows and columns are left out.
const float* at(Transpose t, const float* x, int64_t stride, int64_t row, int64_t column) {
  return t == Transpose::kYes ? x + column * stride + row : x + row * stride + column;
}

/// Returns n, rounded up to whole panels.
int64_t padded(const CpuKernels& kernels, int64_t n) {
  return (n + kernels.panel_columns - 1) / kernels.panel_columns * kernels.panel_columns;
}

/// Calls visit(first row, depth, first column, columns) for every block of op(b)[k,n].
template <class Visit>
void for_blocks(const CpuKernels& kernels, int64_t k, int64_t n, Visit visit) {
  for (int64_t row = 0; row < k; row += kBlockDepth) {
    for (int64_t column = 0; column < n; column += kernels.block_columns) {
      visit(row, std::min(kBlockDepth, k - row), column, std::min(kernels.block_columns, n - column));
    }
  }
}

/// Sets c = beta * c, for products of depth 0.
void scale(int64_t m, int64_t n, float beta, float* c, int64_t ldc) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
  }
}

/// Returns the part of `whole`, a product of its full depth, that one block of op(b) contributes.
BlockProduct part(const BlockProduct& whole, int64_t row, int64_t depth, int64_t column, int64_t columns,
                  const float* block) {
  BlockProduct product = whole;
  product.n = columns;
  product.depth = depth;
  product.a = at(whole.ta, whole.a, whole.lda, 0, row);
  product.block = block;
  product.beta = row == 0 ? whole.beta : 1;
  product.c = whole.c + column;
  product.first_column = column;
  return product;
}

/// Computes `whole` and packs its right factor block by block.
void multiply(BlockProduct whole, Transpose tb, const float* b, int64_t ldb) {
  if (whole.m == 0 || whole.n == 0) return;
  if (whole.depth == 0) return scale(whole.m, whole.n, whole.beta, whole.c, whole.ldc);
  product_work().multiply_adds += whole.m * whole.n * whole.depth;
  product_work().packed_floats += whole.n * whole.depth;
  const CpuKernels& kernels = cpu_kernels();
  const int64_t columns_here = std::min(kernels.block_columns, padded(kernels, whole.n));
  const int64_t block_floats = std::min(kBlockDepth, whole.depth) * columns_here;
  float* const scratch = thread_scratch(kernels.product_floats + block_floats);
  float* const block = scratch + kernels.product_floats;
  for_blocks(kernels, whole.depth, whole.n, [&](int64_t row, int64_t depth, int64_t column, int64_t columns) {
    kernels.pack(tb, depth, columns, at(tb, b, ldb, row, column), ldb, block);
    kernels.multiply(part(whole, row, depth, column, columns, block), scratch);
  });
}

}  // namespace

ProductWork& product_work() {
  static thread_local ProductWork work;
  return work;
}

void gemm(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
          int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  multiply({ta, m, n, k, alpha, a, lda, nullptr, beta, c, ldc, false, 0}, tb, b, ldb);
}

void syrk(int64_t m, int64_t k, float alpha, const float* a, int64_t lda, float beta, float* c, int64_t ldc) {
  multiply({Transpose::kNo, m, m, k, alpha, a, lda, nullptr, beta, c, ldc, true, 0}, Transpose::kYes, a, lda);
  cpu_kernels().mirror(m, c, ldc);
}

/// Holds the blocks in the order of for_blocks; the block at (row, column) begins at row * padded columns +
/// column * its depth.
struct PackedMatrix::State {
  const CpuKernels* kernels = nullptr;
  int64_t k = 0, n = 0;
  Buffer blocks;
};

PackedMatrix::PackedMatrix() : state_(std::make_unique<State>()) {}
PackedMatrix::~PackedMatrix() = default;
PackedMatrix::PackedMatrix(PackedMatrix&&) noexcept = default;
PackedMatrix& PackedMatrix::operator=(PackedMatrix&&) noexcept = default;

int64_t PackedMatrix::k() const { return state_->k; }
int64_t PackedMatrix::n() const { return state_->n; }

void PackedMatrix::pack(Transpose tb, int64_t k, int64_t n, const float* b, int64_t ldb) {
  product_work().packed_floats += k * n;
  const CpuKernels& kernels = cpu_kernels();
  state_->kernels = &kernels;
  state_->k = k;
  state_->n = n;
  float* const blocks = state_->blocks.reserve(k * padded(kernels, n));
  for_blocks(kernels, k, n, [&](int64_t row, int64_t depth, int64_t column, int64_t columns) {
    kernels.pack(tb, depth, columns, at(tb, b, ldb, row, column), ldb,
                 blocks + row * padded(kernels, n) + column * depth);
  });
}

void gemm_packed(Transpose ta, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda,
                 const PackedMatrix& b, float beta, float* c, int64_t ldc) {
  check(b.k() == k && b.n() == n, "gemm_packed: the matrix was packed as [{},{}], wanted [{},{}]", b.k(),
        b.n(), k, n);
  if (m == 0 || n == 0) return;
  if (k == 0) return scale(m, n, beta, c, ldc);
  product_work().multiply_adds += m * n * k;
  const CpuKernels& kernels = *b.state_->kernels;
  float* const scratch = thread_scratch(kernels.product_floats);
  const BlockProduct whole{ta, m, n, k, alpha, a, lda, nullptr, beta, c, ldc, false, 0};
  const float* const blocks = b.state_->blocks.data();
  for_blocks(kernels, k, n, [&](int64_t row, int64_t depth, int64_t column, int64_t columns) {
    const float* block = blocks + row * padded(kernels, n) + column * depth;
    kernels.multiply(part(whole, row, depth, column, columns, block), scratch);
  });
}

}  // namespace caddie
