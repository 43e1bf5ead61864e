// SPDX-License-Identifier: Apache-2.0
// Normalises rows by their root mean square.
#include <caddie/ops.h>

#include <cmath>

namespace caddie {
namespace {

// Sets y = x s, with s = 1 / sqrt(mean(x^2) + eps) for each row, and keeps s for the backward pass.
struct RmsNormForward {
  const float* x;
  float *y, *inverse_rms;  // inverse_rms holds one number for each row.
  float eps;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* xr = x + r * row.n;
    float* yr = y + r * row.n;
    float s = 1 / sqrtf(row.sum([=](int i) { return xr[i] * xr[i]; }) / row.n + eps);
    row.each([=](int i) { yr[i] = xr[i] * s; });
    row.first([=, to = inverse_rms + r] { *to = s; });
  }
};

// Adds s (dy - y mean(dy y)) to dx, with s = inverse_rms and y = x s.
struct RmsNormBackward {
  const float *y, *inverse_rms, *dy;
  float* dx;
  bool fresh;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float *yr = y + r * row.n, *dyr = dy + r * row.n;
    float* dxr = dx + r * row.n;
    float s = inverse_rms[r];
    float mean = row.sum([=](int i) { return dyr[i] * yr[i]; }) / row.n;
    if (fresh)
      row.each([=](int i) { dxr[i] = s * (dyr[i] - yr[i] * mean); });
    else
      row.each([=](int i) { dxr[i] += s * (dyr[i] - yr[i] * mean); });
  }
};

}  // namespace

Var rms_norm(Var x, float eps) {
  check(x.shape().rank() >= 1, "rms_norm: a scalar has no axis to normalise over");
  int n = int(x.shape().last());
  int64_t rows = x.shape().rows();
  Var y = result(x.shape());
  float* inverse_rms = scratch(rows);
  for_rows(x.device(), rows, n, RmsNormForward{x.data(), y.data(), inverse_rms, eps});
  record(y, {x}, [=] {
    GradientSlot dx = x.grad_slot();
    for_rows(x.device(), rows, n, RmsNormBackward{y.data(), inverse_rms, y.grad(), dx.data, dx.fresh});
  });
  return y;
}

}  // namespace caddie
