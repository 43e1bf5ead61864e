// SPDX-License-Identifier: Apache-2.0
// Removes from each head's output its part along the position's own value (exclusive self-attention),
//     y' = y - (y.u) u,  u = v / max(|v|, 1e-12).
// y: [B,T,H,D], v: [B,T,K,D]; query head h goes with value head h / (H / K).
// Source: arXiv:2603.09078; openai/parameter-golf,
// records/track_10min_16mb/2026-03-20_11L_XSA4_EMA_Int6_MLP3x_WD04_1.1271.
#include <caddie/plugin.h>

using namespace caddie;

constexpr float kSmallestNorm = 1e-12f;

// Computes y' for one value head at one position, which is a row; `group` query heads share it.
struct Exclude {
  const float *y, *v;
  float *out, *inverse_norm;
  int group;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* vr = v + r * row.n;
    float norm = sqrtf(row.sum([=](int i) { return vr[i] * vr[i]; }));
    float inverse = 1 / (norm > kSmallestNorm ? norm : kSmallestNorm);
    for (int64_t head = r * group; head < (r + 1) * group; ++head) {
      const float* yr = y + head * row.n;
      float* to = out + head * row.n;
      float along = row.sum([=](int i) { return yr[i] * vr[i]; }) * inverse * inverse;
      row.each([=](int i) { to[i] = yr[i] - along * vr[i]; });
    }
    row.first([=, to = inverse_norm + r] { *to = inverse; });
  }
};

// Adds the gradients of y and v. With g the gradient of y', and du = -(g.u) y - (y.u) g, they are
//     dy = g - (g.u) u,  dv = (du - (du.u) u) / |v|.
// Below the smallest norm dv lacks its second term.
struct ExcludeBackward {
  const float *y, *v, *inverse_norm, *g;
  float *dy, *dv;
  int group;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* vr = v + r * row.n;
    float* dvr = dv + r * row.n;
    float inverse = inverse_norm[r];
    bool unit = inverse < 1 / kSmallestNorm;
    for (int64_t head = r * group; head < (r + 1) * group; ++head) {
      const float *yr = y + head * row.n, *gr = g + head * row.n;
      float* dyr = dy + head * row.n;
      float yu = row.sum([=](int i) { return yr[i] * vr[i]; }) * inverse;
      float gu = row.sum([=](int i) { return gr[i] * vr[i]; }) * inverse;
      float turn = unit ? 2 * gu * yu * inverse : 0.0f;
      row.each([=](int i) { dyr[i] += gr[i] - gu * inverse * vr[i]; });
      row.each([=](int i) { dvr[i] += inverse * (turn * vr[i] - gu * yr[i] - yu * gr[i]); });
    }
  }
};

struct Xsa final : Modifier {
  Var attended(Block& block, Var y) override {
    Var v = block.v;
    int group = int(y.shape()[2] / v.shape()[2]), size = int(y.shape()[3]);
    int64_t rows = v.shape().rows();
    Var out = result(y.shape());
    float* inverse_norm = scratch(rows);
    for_rows(y.device(), rows, size, Exclude{y.data(), v.data(), out.data(), inverse_norm, group});
    record(out, {y, v}, [=] {
      for_rows(
          y.device(), rows, size,
          ExcludeBackward{y.data(), v.data(), inverse_norm, out.grad(), y.grad_sum(), v.grad_sum(), group});
    });
    return out;
  }
};

CADDIE_PLUGIN(Xsa, .summary = "Takes from each head's output its part along the position's own value.",
              .source =
                  "arXiv:2603.09078; openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-20_11L_XSA4_EMA_Int6_MLP3x_WD04_1.1271",
              .phase = Phase::kProject);
