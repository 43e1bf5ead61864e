// SPDX-License-Identifier: Apache-2.0
// Says which blocks of keys a block of queries sees, and which keys in them each query sees, where attention
// is masked. The mask never falls along a sequence, so what a block sees follows from its first and last
// query.
#pragma once
#include "device/cpu/kernels.h"
#include "device/cpu/simd.inl"

namespace caddie {
namespace {

constexpr int kBlock = kAttentionBlock;

/// Lets query t of one sequence see the keys first[t] .. t, or all up to t where `first` is null.
struct Mask {
  const int32_t* first;

  /// Returns the first block of keys that a query of block i sees.
  int64_t first_block(int64_t i) const { return first ? first[i * kBlock] / kBlock : 0; }
  /// Returns whether some of the `queries` in block i does not see the first key of block j.
  bool hides(int64_t i, int64_t j, int64_t queries) const {
    return first && first[i * kBlock + queries - 1] > j * kBlock;
  }
  /// Sets seen[q] to the first key of block j, counted in it, that query q of block i sees, [kBlock]. Queries
  /// beyond the last see all.
  void seen_keys(int64_t i, int64_t j, int64_t queries, float* seen) const {
    for (int64_t q = 0; q < kBlock; ++q)
      seen[q] = q < queries ? float(first[i * kBlock + q] - j * kBlock) : 0;
  }
  /// Returns what the running maximum of scores starts from. Under a mask a query may see nothing of a block,
  /// and then that start minus itself must be a number.
  float lowest_peak() const { return first ? -3e38f : -__builtin_huge_valf(); }
};

inline Mask mask_of(const AttentionShape& shape, int64_t sequence) {
  return {shape.first_seen ? shape.first_seen + sequence * shape.length : nullptr};
}

/// Returns x in the lanes whose `from` is at most `key`, and `other` in the rest.
inline Vector keep_reached(Vector from, int64_t key, Vector x, Vector other) {
#ifdef __AVX512F__
  return _mm512_mask_mov_ps(other, _mm512_cmp_ps_mask(from, fill(float(key)), _CMP_LE_OQ), x);
#else
  return _mm256_blendv_ps(other, x, _mm256_cmp_ps(from, fill(float(key)), _CMP_LE_OQ));
#endif
}

/// Holds four functions: table[diagonal][masked] works on a pair of blocks of that sort.
template <class Function>
struct ByPair {
  Function of[2][2];
  constexpr const Function* operator[](bool diagonal) const { return of[diagonal]; }
};
template <class Function>
constexpr ByPair<Function> by_pair(Function whole, Function masked, Function diagonal, Function both) {
  return {{{whole, masked}, {diagonal, both}}};
}

}  // namespace
}  // namespace caddie
