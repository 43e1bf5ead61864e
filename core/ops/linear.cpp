// SPDX-License-Identifier: Apache-2.0
// Matrix products and attention on the tape; the arithmetic itself belongs to the device.
#include <caddie/ops.h>

#include <cmath>

#include "device/device.h"

namespace caddie {

Var linear(Var x, Var w) {
  check(w.shape().rank() == 2 && x.shape().rank() >= 1 && x.shape().last() == w.shape()[1],
        "linear: x is {} and w is {}; wanted [.., in] and [out, in]", x.shape(), w.shape());
  int64_t rows = x.shape().rows(), in = w.shape()[1], out = w.shape()[0];
  Var y = result(x.shape().with_last(out));
  Backend& device = backend(x.device());
  // [rows, in] [out, in]^T -> [rows, out]
  device.gemm(Transpose::kNo, Transpose::kYes, rows, out, in, 1, x.data(), in, w.data(), in, 0, y.data(),
              out);
  record(y, {x, w}, [=, &device] {
    if (x.needs_grad()) {  // [rows, out] [out, in] -> [rows, in]
      GradientSlot dx = x.grad_slot();
      device.gemm(Transpose::kNo, Transpose::kNo, rows, in, out, 1, y.grad(), out, w.data(), in,
                  dx.fresh ? 0 : 1, dx.data, in);
    }
    if (w.needs_grad()) {  // [rows, out]^T [rows, in] -> [out, in]
      GradientSlot dw = w.grad_slot();
      device.gemm(Transpose::kYes, Transpose::kNo, out, in, rows, 1, y.grad(), out, x.data(), in,
                  dw.fresh ? 0 : 1, dw.data, in);
    }
  });
  return y;
}

Var attention(Var q, Var k, Var v) {
  check(q.shape().rank() == 4 && k.shape().rank() == 4 && k.shape() == v.shape() &&
            q.shape()[0] == k.shape()[0] && q.shape()[1] == k.shape()[1] && q.shape()[3] == k.shape()[3] &&
            k.shape()[2] > 0 && q.shape()[2] % k.shape()[2] == 0,
        "attention: q is {}, k {}, v {}; wanted [B,T,H,D], [B,T,K,D], [B,T,K,D] with H a multiple of K",
        q.shape(), k.shape(), v.shape());
  AttentionShape shape = {q.shape()[0], q.shape()[1], int(q.shape()[2]), int(k.shape()[2]),
                          int(q.shape()[3])};
  float scale = 1 / std::sqrt(float(shape.head_dim));
  Var y = result(q.shape());
  bool backward = q.needs_grad() || k.needs_grad() || v.needs_grad();
  float* log_sum = backward ? scratch(shape.batch * shape.heads * shape.length) : nullptr;
  Backend& device = backend(q.device());
  device.attention_forward(shape, scale, q.data(), k.data(), v.data(), y.data(), log_sum);
  record(y, {q, k, v}, [=, &device] {
    device.attention_backward(shape, scale, q.data(), k.data(), v.data(), y.data(), log_sum, y.grad(),
                              q.grad_sum(), k.grad_sum(), v.grad_sum());
  });
  return y;
}

}  // namespace caddie
