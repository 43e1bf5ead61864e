// SPDX-License-Identifier: Apache-2.0
// Runs kernels on every device, in loops of three shapes. A kernel is a plain struct whose call operator is
// marked CADDIE_FN, and it is written once; each shape of loop has one executor for each device.
//
//   for_each(device, n, kernel)                calls kernel(i) for each i in [0, n)
//   for_rows(device, rows, n, kernel)          calls kernel(row, r) for each row of n elements
//   for_columns(device, rows, n, kernel, out)  adds to out[c] the sum over r of kernel(r, c)
//
// A kernel of for_rows works on its row by row.each(f), row.sum(f), row.max(f) and row.first(f).
//
// On the CPU a loop runs on the calling thread, with SIMD; sums are taken in the order a warp would take
// them.
#pragma once

#include <caddie/tensor.h>

namespace caddie {

inline constexpr int kLanes = 32;        // The sum of a row is made of so many partial sums.
inline constexpr int kColumnBlock = 64;  // for_columns sums so many rows before it adds their sum to `out`.

/// Runs a kernel's loops over one row of n elements on the calling thread.
struct CpuRow {
  int n;
  /// Calls f() once for the row, to write a result of which each row has one.
  template <class F>
  CADDIE_FN void first(F f) const {
    f();
  }
  /// Calls f(i) for each i in [0, n), in any order.
  template <class F>
  CADDIE_FN void each(F f) const {
#pragma omp simd
    for (int i = 0; i < n; ++i) f(i);
  }
  /// Returns the sum of f(i) over i in [0, n), always added in the same order.
  template <class F>
  CADDIE_FN float sum(F f) const {
    float lane[kLanes] = {};
    int i = 0;
    for (; i + kLanes <= n; i += kLanes)
#pragma omp simd
      for (int l = 0; l < kLanes; ++l) lane[l] += f(i + l);
    for (int l = 0; i + l < n; ++l) lane[l] += f(i + l);
    for (int step = kLanes / 2; step > 0; step /= 2)
      for (int l = 0; l < step; ++l) lane[l] += lane[l + step];
    return lane[0];
  }
  /// Returns the largest f(i) over i in [0, n). n > 0; f may be called more than once for an element.
  template <class F>
  CADDIE_FN float max(F f) const {
    float lane[kLanes];
    for (int l = 0; l < kLanes; ++l) lane[l] = f(l < n ? l : 0);
    int i = kLanes;
    for (; i + kLanes <= n; i += kLanes)
#pragma omp simd
      for (int l = 0; l < kLanes; ++l) {
        float x = f(i + l);
        lane[l] = x > lane[l] ? x : lane[l];
      }
    for (int l = 0; i + l < n; ++l) lane[l] = f(i + l) > lane[l] ? f(i + l) : lane[l];
    for (int step = kLanes / 2; step > 0; step /= 2)
      for (int l = 0; l < step; ++l) lane[l] = lane[l + step] > lane[l] ? lane[l + step] : lane[l];
    return lane[0];
  }
};

namespace cpu {

template <class K>
void for_each(int64_t n, const K& kernel) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) kernel(i);
}

template <class K>
void for_rows(int64_t rows, int n, const K& kernel) {
  for (int64_t r = 0; r < rows; ++r) kernel(CpuRow{n}, r);
}

template <class K>
void for_columns(int64_t rows, int n, const K& kernel, float* out) {
  constexpr int kWidth = 256;
  float sum[kWidth];
  for (int begin = 0; begin < n; begin += kWidth) {
    int width = n - begin < kWidth ? n - begin : kWidth;
    for (int64_t block = 0; block < rows; block += kColumnBlock) {
      int64_t end = block + kColumnBlock < rows ? block + kColumnBlock : rows;
      for (int c = 0; c < width; ++c) sum[c] = 0;
      for (int64_t r = block; r < end; ++r)
#pragma omp simd
        for (int c = 0; c < width; ++c) sum[c] += kernel(r, begin + c);
#pragma omp simd
      for (int c = 0; c < width; ++c) out[begin + c] += sum[c];
    }
  }
}

}  // namespace cpu
}  // namespace caddie

#if defined(__CUDACC__)
#include <caddie/kernel_cuda.h>
#endif

namespace caddie {
namespace detail {

/// Throws Error. Only callers that nvcc does not compile call it.
template <class K>
[[noreturn]] void no_cuda_kernel() {
#if defined(CADDIE_CUDA)
  static_assert(sizeof(K) == 0, "the CUDA build gives this source to nvcc only if its text says CADDIE_FN");
#endif
  fail("this build has no CUDA kernels; configure it with the cuda preset");
}

}  // namespace detail

/// Calls kernel(i) for each i in [0, n), in no order.
template <class K>
void for_each(Device device, int64_t n, const K& kernel) {
  if (device == Device::kCpu) return cpu::for_each(n, kernel);
#if defined(__CUDACC__)
  cuda::for_each(n, kernel);
#else
  detail::no_cuda_kernel<K>();
#endif
}

/// Calls kernel(row, r) for each row r in [0, rows); one core, or one warp, works on a whole row of n
/// elements.
template <class K>
void for_rows(Device device, int64_t rows, int n, const K& kernel) {
  if (device == Device::kCpu) return cpu::for_rows(rows, n, kernel);
#if defined(__CUDACC__)
  cuda::for_rows(rows, n, kernel);
#else
  detail::no_cuda_kernel<K>();
#endif
}

/// Adds to out[c] the sum over the rows r of kernel(r, c), for each c in [0, n). Rows are summed in blocks of
/// kColumnBlock and blocks in their order, which gives the same bits each time.
template <class K>
void for_columns(Device device, int64_t rows, int n, const K& kernel, float* out) {
  if (device == Device::kCpu) return cpu::for_columns(rows, n, kernel, out);
#if defined(__CUDACC__)
  cuda::for_columns(rows, n, kernel, out);
#else
  detail::no_cuda_kernel<K>();
#endif
}

}  // namespace caddie
