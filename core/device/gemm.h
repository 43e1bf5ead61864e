// SPDX-License-Identifier: Apache-2.0
// Declares matrix products in float32 on the calling thread, by kernels that are chosen for the processor at
// hand.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

namespace caddie {

/// Says whether a factor of a product is transposed: op(x) is x for kNo and x^T for kYes.
enum class Transpose : bool { kNo, kYes };

/// Sets c[m,n] = alpha * op(a)[m,k] op(b)[k,n] + beta * c, all row-major; lda, ldb, ldc are the distances
/// between rows of the stored matrices, in floats. m, n, k may be 0; beta = 0 never reads c; c must not
/// overlap a or b. The bits of an element of c depend only on its row of op(a), its column of op(b), alpha,
/// beta and k: not on m or n, not on where it lies, not on packing, and not on the instruction set.
void gemm(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
          int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

/// Sets c[m,m] = alpha * a a^T + beta * c for a[m,k]: each pair of rows is multiplied once and mirrored. With
/// beta other than 0, c must be symmetric. The result is symmetric to the bit, and equal to that of gemm.
void syrk(int64_t m, int64_t k, float alpha, const float* a, int64_t lda, float beta, float* c, int64_t ldc);

/// Holds the right factor of a product, laid out for the kernels, for a matrix that is used many times
/// between changes. Several threads may read it at once.
class PackedMatrix {
 public:
  PackedMatrix();
  ~PackedMatrix();
  PackedMatrix(PackedMatrix&&) noexcept;
  PackedMatrix& operator=(PackedMatrix&&) noexcept;

  /// Copies op(b)[k,n]; ldb is the distance between rows of b as stored. Reuses its memory where that
  /// suffices.
  void pack(Transpose tb, int64_t k, int64_t n, const float* b, int64_t ldb);

  int64_t k() const;
  int64_t n() const;

 private:
  friend void gemm_packed(Transpose, int64_t, int64_t, int64_t, float, const float*, int64_t,
                          const PackedMatrix&, float, float*, int64_t);
  struct State;
  std::unique_ptr<State> state_;
};

/// Does what gemm does, to the bit, with op(b) packed beforehand. Throws Error if b was not packed as [k,n].
void gemm_packed(Transpose ta, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda,
                 const PackedMatrix& b, float beta, float* c, int64_t ldc);

/// Counts what the calling thread's products have cost so far on the CPU, for tests that guard against waste:
/// counts, unlike seconds, are the same on every machine. The half that syrk leaves out is counted.
struct ProductWork {
  int64_t multiply_adds = 0;
  int64_t packed_floats = 0;  ///< It counts the floats of right factors that were packed.
};
ProductWork& product_work();

/// Returns the instruction set of the kernels in use: "v3" (AVX2 and FMA) or "v4" (AVX-512). It is the best
/// that the processor has, unless the environment variable CADDIE_ISA names one of them. Throws Error if that
/// one is unknown or the processor lacks it.
const char* isa_name();

}  // namespace caddie
