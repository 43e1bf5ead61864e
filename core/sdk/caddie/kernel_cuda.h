// SPDX-License-Identifier: Apache-2.0
// Holds the executors of kernel.h on a CUDA device. Only nvcc sees this file.
#pragma once

#include <cuda_runtime.h>

namespace caddie {

/// Returns the stream of this thread, a cudaStream_t that the library owns.
CADDIE_API void* current_cuda_stream();
/// Throws Error naming the CUDA error of the last launch, if any.
CADDIE_API void check_cuda_launch();

/// Runs a kernel's loops over one row of n elements on one warp: lane l works on elements l, l + 32, ...
struct WarpRow {
  int n, lane;
  template <class F>
  CADDIE_FN void first(F f) const {
    if (lane == 0) f();
  }
  template <class F>
  CADDIE_FN void each(F f) const {
    for (int i = lane; i < n; i += kLanes) f(i);
  }
  template <class F>
  CADDIE_FN float sum(F f) const {
    float s = 0;
    for (int i = lane; i < n; i += kLanes) s += f(i);
#if defined(__CUDA_ARCH__)
    for (int step = kLanes / 2; step > 0; step /= 2) s += __shfl_xor_sync(0xffffffffu, s, step);
#endif
    return s;
  }
  template <class F>
  CADDIE_FN float max(F f) const {
    float m = f(lane < n ? lane : 0);
    for (int i = lane; i < n; i += kLanes) m = f(i) > m ? f(i) : m;
#if defined(__CUDA_ARCH__)
    for (int step = kLanes / 2; step > 0; step /= 2) {
      float other = __shfl_xor_sync(0xffffffffu, m, step);
      m = other > m ? other : m;
    }
#endif
    return m;
  }
};

namespace cuda {

inline constexpr int kThreads = 256;
inline constexpr int kWarps = kThreads / kLanes;

template <class K>
__global__ void __launch_bounds__(kThreads) each_kernel(int64_t n, K kernel) {
  int64_t stride = int64_t(gridDim.x) * kThreads;
  for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < n; i += stride) kernel(i);
}

template <class K>
__global__ void __launch_bounds__(kThreads) rows_kernel(int64_t rows, int n, K kernel) {
  int64_t r = int64_t(blockIdx.x) * kWarps + threadIdx.y;
  if (r < rows) kernel(WarpRow{n, int(threadIdx.x)}, r);
}

// Each thread sums one column; neighbouring threads read neighbouring columns.
template <class K>
__global__ void __launch_bounds__(kThreads) columns_kernel(int64_t rows, int n, K kernel, float* out) {
  int c = int(blockIdx.x) * kThreads + int(threadIdx.x);
  if (c >= n) return;
  for (int64_t block = 0; block < rows; block += kColumnBlock) {
    int64_t end = block + kColumnBlock < rows ? block + kColumnBlock : rows;
    float sum = 0;
    for (int64_t r = block; r < end; ++r) sum += kernel(r, c);
    out[c] += sum;
  }
}

inline cudaStream_t stream() { return static_cast<cudaStream_t>(current_cuda_stream()); }

template <class K>
void for_each(int64_t n, const K& kernel) {
  if (n == 0) return;
  int64_t blocks = (n + kThreads - 1) / kThreads;
  each_kernel<<<unsigned(blocks < 65535 ? blocks : 65535), kThreads, 0, stream()>>>(n, kernel);
  check_cuda_launch();
}

template <class K>
void for_rows(int64_t rows, int n, const K& kernel) {
  if (rows == 0) return;
  rows_kernel<<<unsigned((rows + kWarps - 1) / kWarps), dim3(kLanes, kWarps), 0, stream()>>>(rows, n, kernel);
  check_cuda_launch();
}

template <class K>
void for_columns(int64_t rows, int n, const K& kernel, float* out) {
  if (rows == 0 || n == 0) return;
  columns_kernel<<<unsigned((n + kThreads - 1) / kThreads), kThreads, 0, stream()>>>(rows, n, kernel, out);
  check_cuda_launch();
}

}  // namespace cuda
}  // namespace caddie
