// SPDX-License-Identifier: Apache-2.0
// Puts matrix products with weights on the tape; the arithmetic itself belongs to the device.
#include <caddie/ops.h>

#include "autograd/tape.h"
#include "device/device.h"

namespace caddie {
namespace {

/// Sets y = beta y + x op(w), for y [rows, n], x [rows, k] and op(w) = w^T (kYes) or w (kNo). The tape may
/// hold a packed copy of w, which is then used.
void multiply_by_weight(Backend& device, int64_t rows, Var w, Transpose transpose, const float* x, float beta,
                        float* y) {
  bool forward = transpose == Transpose::kYes;
  int64_t out = w.shape()[0], in = w.shape()[1], n = forward ? out : in, k = forward ? in : out;
  if (const PackedMatrix* packed = Tape::current().packed(w, transpose))
    gemm_packed(Transpose::kNo, rows, n, k, 1, x, k, *packed, beta, y, n);
  else
    device.gemm(Transpose::kNo, transpose, rows, n, k, 1, x, k, w.data(), in, beta, y, n);
}

}  // namespace

Var linear(Var x, Var w) {
  check(w.shape().rank() == 2 && x.shape().rank() >= 1 && x.shape().last() == w.shape()[1],
        "linear: x is {} and w is {}; wanted [.., in] and [out, in]", x.shape(), w.shape());
  int64_t rows = x.shape().rows(), in = w.shape()[1], out = w.shape()[0];
  Var y = result(x.shape().with_last(out));
  Tape::current().observe_linear(x, w);
  Backend& device = backend(x.device());
  // This multiplies [rows, in] by [out, in]^T, which gives [rows, out].
  multiply_by_weight(device, rows, w, Transpose::kYes, x.data(), 0, y.data());
  record(y, {x, w}, [=, &device] {
    if (x.needs_grad()) {  // [rows, out] times [out, in] gives [rows, in].
      GradientSlot dx = x.grad_slot();
      multiply_by_weight(device, rows, w, Transpose::kNo, y.grad(), dx.fresh ? 0 : 1, dx.data);
    }
    if (w.needs_grad()) {  // [rows, out]^T times [rows, in] gives [out, in].
      GradientSlot dw = w.grad_slot();
      device.gemm(Transpose::kYes, Transpose::kNo, out, in, rows, 1, y.grad(), out, x.data(), in,
                  dw.fresh ? 0 : 1, dw.data, in);
    }
  });
  return y;
}

}  // namespace caddie
