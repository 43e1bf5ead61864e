// SPDX-License-Identifier: Apache-2.0
// Multiplies and transposes plain tensors on any device.
#include <caddie/kernel.h>
#include <caddie/linalg.h>

#include "device/device.h"

namespace caddie {
namespace {

// Sets out[k, n] to the transpose of a[n, k].
struct Transposed {
  const float* a;
  float* out;
  int64_t n, k;
  CADDIE_FN void operator()(int64_t i) const { out[i] = a[i % n * k + i / n]; }
};

}  // namespace

void multiply(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b, const Tensor& out,
              float alpha, float beta) {
  int64_t m = a.shape()[transpose_a ? 1 : 0], k = a.shape()[transpose_a ? 0 : 1];
  int64_t n = b.shape()[transpose_b ? 0 : 1];
  check(b.shape()[transpose_b ? 1 : 0] == k && out.shape() == Shape{m, n},
        "multiply: {} times {} does not give {}", a.shape(), b.shape(), out.shape());
  backend(a.device())
      .gemm(Transpose(transpose_a), Transpose(transpose_b), m, n, k, alpha, a.data(), a.shape()[1], b.data(),
            b.shape()[1], beta, out.data(), n);
}

void multiply_by_own_transpose(const Tensor& a, const Tensor& out, float alpha, float beta) {
  int64_t n = a.shape()[0], k = a.shape()[1];
  check(out.shape() == Shape{n, n}, "multiply_by_own_transpose: {} gives [{}, {}], not {}", a.shape(), n, n,
        out.shape());
  backend(a.device()).syrk(n, k, alpha, a.data(), k, beta, out.data(), n);
}

void transpose(const Tensor& a, const Tensor& out) {
  int64_t n = a.shape()[0], k = a.shape()[1];
  check(out.shape() == Shape{k, n}, "transpose: {} gives [{}, {}], not {}", a.shape(), k, n, out.shape());
  for_each(a.device(), n * k, Transposed{a.data(), out.data(), n, k});
}

}  // namespace caddie
