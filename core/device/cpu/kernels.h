// SPDX-License-Identifier: Apache-2.0
// Declares the kernels of one instruction set as a table that is chosen at start. It uses plain types only,
// because files that are compiled for different processors read this header.
#pragma once
#include <cstdint>

#include "device/attention.h"
#include "device/gemm.h"

namespace caddie {

/// Products are summed in blocks of this depth. It is the same for all instruction sets, because it decides
/// the bits.
constexpr int64_t kBlockDepth = 256;

/// Describes one call of `multiply`: c[m,n] = alpha * op(a)[m,depth] times a packed block + beta * c, where n
/// and depth are those of the block.
struct BlockProduct {
  Transpose ta;
  int64_t m, n, depth;
  float alpha;
  const float* a;
  int64_t lda;
  const float* block;
  float beta;
  float* c;
  int64_t ldc;
  bool lower;            ///< It leaves out tiles that lie above the diagonal of the whole matrix of c.
  int64_t first_column;  ///< It is the column of that whole matrix where c begins.
};

/// Lists the kernels of one instruction set.
struct CpuKernels {
  const char* name;
  int64_t panel_columns;   ///< A packed block is padded to a multiple of this.
  int64_t block_columns;   ///< A block has at most this many, a multiple of panel_columns.
  int64_t product_floats;  ///< `multiply` needs this much scratch.

  /// Packs op(b)[depth,n], with n <= block_columns and depth <= kBlockDepth, for `multiply`.
  void (*pack)(Transpose tb, int64_t depth, int64_t n, const float* b, int64_t ldb, float* block);
  void (*multiply)(const BlockProduct& product, float* scratch);
  /// Copies the lower triangle of c[m,m] to the upper one.
  void (*mirror)(int64_t m, float* c, int64_t ldc);

  void (*attention_forward)(const AttentionShape& shape, float scale, const float* q, const float* k,
                            const float* v, float* y, float* log_sum);
  void (*attention_backward)(const AttentionShape& shape, float scale, const float* q, const float* k,
                             const float* v, const float* y, const float* log_sum, const float* dy, float* dq,
                             float* dk, float* dv);
};

extern const CpuKernels kKernelsV3, kKernelsV4;

/// Returns the kernels in use; isa_name() says how they are chosen.
const CpuKernels& cpu_kernels();

/// Returns the kernels called `name`, or null if there are none or the processor lacks their instructions.
const CpuKernels* find_cpu_kernels(const char* name);

/// Returns the kernels called `wanted`, or the best ones if it is null or empty. Throws Error if the
/// processor lacks them.
const CpuKernels& choose_cpu_kernels(const char* wanted);

/// Replaces the kernels in use, for tests. It must not be called while kernels run.
void use_cpu_kernels(const CpuKernels& kernels);

}  // namespace caddie
