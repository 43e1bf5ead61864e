// SPDX-License-Identifier: Apache-2.0
// Defines vectors of the width that the including file is compiled for. Everything in the .inl files is local
// to the translation unit, and no header with inline functions of its own is used but the intrinsics: a
// function shared between files compiled for different processors could be linked into either. Fused
// multiply-adds are written out, so that all instruction sets give the same bits.
#pragma once
#include <immintrin.h>

#include <cstdint>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
// Marks a function that asks require_addresses() about all that it touches: AddressSanitizer would call a
// function for each vector of the innermost loop, which makes a training ten times as slow.
#define CADDIE_ASKS_FIRST __attribute__((no_sanitize_address))
#else
#define CADDIE_ASKS_FIRST
#endif

namespace caddie {
namespace {

/// Under AddressSanitizer, ends the program with its report unless p[0..count) lie in live objects.
inline void require_addresses([[maybe_unused]] const float* p, [[maybe_unused]] int64_t count) {
#ifdef __SANITIZE_ADDRESS__
  float* start = const_cast<float*>(p);
  if (void* wrong = __asan_region_is_poisoned(start, sizeof(float) * static_cast<uint64_t>(count)))
    __asan_report_error(__builtin_return_address(0), __builtin_frame_address(0), start, wrong, 0,
                        sizeof(float));
#endif
}

#ifdef __AVX512F__
using Vector = __m512;
constexpr int kWidth = 16;
#define CADDIE_SIMD(operation) _mm512_##operation
#else
using Vector = __m256;
constexpr int kWidth = 8;
#define CADDIE_SIMD(operation) _mm256_##operation
#endif

// A function marked CADDIE_ASKS_FIRST is free of checks only where what it calls is always inlined.
#define CADDIE_INLINE __attribute__((always_inline)) inline
CADDIE_INLINE Vector load(const float* from) { return CADDIE_SIMD(loadu_ps)(from); }
CADDIE_INLINE void store(float* to, Vector x) { CADDIE_SIMD(storeu_ps)(to, x); }
CADDIE_INLINE Vector fill(float x) { return CADDIE_SIMD(set1_ps)(x); }
CADDIE_INLINE Vector fma(Vector a, Vector b, Vector c) { return CADDIE_SIMD(fmadd_ps)(a, b, c); }
inline void prefetch(const float* p) { _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0); }

/// Returns the greater of the two in each lane; b where one of them is NaN.
inline Vector maximum(Vector a, Vector b) { return CADDIE_SIMD(max_ps)(a, b); }

/// Returns x in the lanes from `first` on and `other` in those before it.
inline Vector keep_from(int64_t first, Vector x, Vector other) {
#ifdef __AVX512F__
  const Vector lanes = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_mask_mov_ps(other, _mm512_cmp_ps_mask(lanes, fill(float(first)), _CMP_GE_OQ), x);
#else
  const Vector lanes = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_blendv_ps(other, x, _mm256_cmp_ps(lanes, fill(float(first)), _CMP_GE_OQ));
#endif
}

/// Returns 2^x for x up to 127, with a relative error of about 1e-7; below -126 it stays at 2^-126.
inline Vector exp2(Vector x) {
  const Vector shift = fill(12582912.0f);  // It is 1.5 * 2^23: adding to it rounds to an integer.
  x = maximum(fill(-126.0f), x);           // In this order NaN stays NaN.
  const Vector shifted = x + shift;
  const Vector f = x - (shifted - shift);
  Vector power = fill(1.559467817e-04f);
  power = fma(power, f, fill(1.340664390e-03f));
  power = fma(power, f, fill(9.617692973e-03f));
  power = fma(power, f, fill(5.550310551e-02f));
  power = fma(power, f, fill(2.402265278e-01f));
  power = fma(power, f, fill(6.931472150e-01f));
  power = fma(power, f, fill(1.0f));
#ifdef __AVX512F__
  const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(power), exponent));
#else
  const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(power), exponent));
#endif
}

/// Returns log2(x) for normal x > 0, with a relative error of about 1e-7 of max(1, |log2(x)|); NaN where x is
/// NaN.
inline Vector log2(Vector x) {
#ifdef __AVX512F__
  const __m512i offset = _mm512_sub_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x3f3504f3));
  const Vector exponent = _mm512_cvtepi32_ps(_mm512_srai_epi32(offset, 23));
  const __m512i kept = _mm512_and_si512(offset, _mm512_set1_epi32(0x7fffff));
  const Vector m = _mm512_castsi512_ps(_mm512_add_epi32(kept, _mm512_set1_epi32(0x3f3504f3)));
#else
  const __m256i offset = _mm256_sub_epi32(_mm256_castps_si256(x), _mm256_set1_epi32(0x3f3504f3));
  const Vector exponent = _mm256_cvtepi32_ps(_mm256_srai_epi32(offset, 23));
  const __m256i kept = _mm256_and_si256(offset, _mm256_set1_epi32(0x7fffff));
  const Vector m = _mm256_castsi256_ps(_mm256_add_epi32(kept, _mm256_set1_epi32(0x3f3504f3)));
#endif
  // m lies in [sqrt(1/2), sqrt(2)), and log2(m) is an odd function of s.
  const Vector s = (m - fill(1)) / (m + fill(1)), z = s * s;
  Vector series = fma(z, fill(0.431717697f), fill(0.576715186f));
  series = fma(series, z, fill(0.961798839f));
  series = fma(series, z, fill(2.88539008f));
  return fma(series, s, exponent) + (x - x);
}

/// Copies from[0..count) to to[0..count).
inline void copy(int64_t count, const float* from, float* to) {
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(to + i, load(from + i));
  for (; i < count; ++i) to[i] = from[i];
}

/// Returns n, rounded up to a multiple of `unit`.
inline int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }
inline int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }

/// Sets to[8,8] = from[8,8]^T.
inline void transpose8(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  __m256 row[8], pair[8], quad[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) row[i] = _mm256_loadu_ps(from + i * from_stride);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
    quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
    quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31));
  }
}

/// Sets to[columns,rows] = from[rows,columns]^T.
inline void transpose(int64_t rows, int64_t columns, const float* from, int64_t from_stride, float* to,
                      int64_t to_stride) {
  for (int64_t i = 0; i < rows; i += 8) {
    for (int64_t j = 0; j < columns; j += 8) {
      const float* source = from + i * from_stride + j;
      float* target = to + j * to_stride + i;
      if (i + 8 <= rows && j + 8 <= columns) {
        transpose8(source, from_stride, target, to_stride);
        continue;
      }
      for (int64_t r = 0; r < minimum(8, rows - i); ++r)
        for (int64_t c = 0; c < minimum(8, columns - j); ++c)
          target[c * to_stride + r] = source[r * from_stride + c];
    }
  }
}

}  // namespace
}  // namespace caddie
