// SPDX-License-Identifier: Apache-2.0
// Turns queries and keys, [B,T,H,D], by their positions (rotary position embedding). Of the first `dims`
// components of a head, i and i + dims/2 turn by the angle t / base^(2i/dims) at position t:
//     y1 = x1 cos + x2 sin,  y2 = x2 cos - x1 sin;  the other components pass through.
// Past the reference length the base grows to base * (T / reference)^(dims / (dims - 2)), the NTK rule.
// YaRN divides the angle of pair i, at every length, by 1 + ramp (yarn_length / yarn_reference_length - 1)
// with ramp = clamp((2i/dims - 1/4) / (3/4), 0, 1): fast pairs keep it, slow ones make room for the longer
// sequence. Source: arXiv:2104.09864, and arXiv:2309.00071 for YaRN, here without its temperature;
// openai/parameter-golf, train_gpt.py,
// records/track_10min_16mb/2026-03-21_11L_XSA4_EMA_PartialRoPE_LateQAT_1.1248 and pull request 640 for YaRN.
#include <caddie/plugin.h>

#include <algorithm>

using namespace caddie;

// Turns all heads of one position, where a row's n is the number of pairs. It is its own adjoint when the
// sign of the angle is turned.
struct Rotate {
  const float *x, *cos_sin;
  float* y;
  int64_t length;
  int heads, size;
  float sign;
  bool add;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    int pairs = row.n;
    const float *cosine = cos_sin + r % length * 2 * pairs, *sine = cosine + pairs;
    Row rest = row;
    rest.n = size - 2 * pairs;
    for (int64_t head = r * heads; head < (r + 1) * heads; ++head) {
      const float *x1 = x + head * size, *x2 = x1 + pairs, *xr = x2 + pairs;
      float *y1 = y + head * size, *y2 = y1 + pairs, *yr = y2 + pairs;
      float s = sign;
      if (add) {
        row.each([=](int i) {
          float a = x1[i], b = x2[i], turn = s * sine[i];
          y1[i] += a * cosine[i] + b * turn;
          y2[i] += b * cosine[i] - a * turn;
        });
        rest.each([=](int i) { yr[i] += xr[i]; });
      } else {
        row.each([=](int i) {
          float a = x1[i], b = x2[i], turn = s * sine[i];
          y1[i] = a * cosine[i] + b * turn;
          y2[i] = b * cosine[i] - a * turn;
        });
        rest.each([=](int i) { yr[i] = xr[i]; });
      }
    }
  }
};

// Returns x [B,T,H,D] with its pairs turned. cos_sin: [T, 2, pairs].
Var rotate(Var x, const Tensor& cos_sin) {
  Var y = result(x.shape());
  int64_t rows = x.shape()[0] * x.shape()[1], length = x.shape()[1];
  int heads = int(x.shape()[2]), size = int(x.shape()[3]), pairs = int(cos_sin.shape()[2]);
  const float* angles = cos_sin.data();
  for_rows(x.device(), rows, pairs, Rotate{x.data(), angles, y.data(), length, heads, size, 1, false});
  record(y, {x}, [=] {
    GradientSlot dx = x.grad_slot();
    for_rows(x.device(), rows, pairs, Rotate{y.grad(), angles, dx.data, length, heads, size, -1, !dx.fresh});
  });
  return y;
}

struct Rope final : Modifier {
  double base = 10000;
  int dims = 0, ntk_reference_length = 0, yarn_length = 0, yarn_reference_length = 1024;
  std::string table = "fp32";

  void settings(Settings& s) override {
    s("base", base, "the slowest pair turns by nearly 1/base radians a position", at_least(1));
    s("dims", dims, "components of a head that turn, an even number; 0: all", at_least(0));
    s("ntk_reference_length", ntk_reference_length, "sequences longer than this raise the base; 0: none",
      at_least(0));
    s("yarn_length", yarn_length, "sequence length that YaRN makes room for; 0: no YaRN", at_least(0));
    s("yarn_reference_length", yarn_reference_length, "length that the angles are made for without YaRN",
      at_least(1));
    s("table", table, "fp32, or bf16_invfreq to round the frequencies of short sequences to bfloat16",
      one_of("fp32", "bf16_invfreq"));
  }

  int64_t turning_of(int64_t head_size) const { return dims == 0 ? head_size : dims; }
  void validate(const Shapes& shapes) const override {
    int64_t size = shapes.model.head_size, turning = turning_of(size);
    check(turning % 2 == 0 && turning <= size,
          "{} components of a head cannot turn; wanted an even number up to the head size {}", turning, size);
    check(yarn_length == 0 || ntk_reference_length == 0,
          "yarn_length and ntk_reference_length both stretch the angles; set one of them to 0");
  }

  QueryKey query_key(Block& block, QueryKey qk) override {
    int64_t length = qk.q.shape()[1], turning = turning_of(qk.q.shape()[3]);
    // Sequences up to that of training share its angles, which are the same for each, and stretch none.
    int64_t trained = block.forward.shape->sequence_length;
    if (length < trained && (ntk_reference_length == 0 || trained <= ntk_reference_length)) length = trained;
    Tensor cos_sin = block.forward.table(length, {length, 2, turning / 2},
                                         [&](float* out) { fill(out, length, int(turning)); });
    return {rotate(qk.q, cos_sin), rotate(qk.k, cos_sin)};
  }

  // Returns what YaRN divides the angle of a pair by, given the place of the pair, from 0 for the fastest
  // to 1.
  double yarn_divisor(double place) const {
    if (yarn_length == 0) return 1;
    double ramp = std::clamp((place - 0.25) / 0.75, 0.0, 1.0);
    return 1 + ramp * (double(yarn_length) / yarn_reference_length - 1);
  }

  // Writes the cosines and sines of all positions and pairs, [length, 2, turning / 2].
  void fill(float* out, int64_t length, int turning) const {
    bool stretched = ntk_reference_length > 0 && length > ntk_reference_length && turning > 2;
    double grown = base;
    if (stretched) grown *= std::pow(double(length) / ntk_reference_length, double(turning) / (turning - 2));
    int pairs = turning / 2;
    for (int i = 0; i < pairs; ++i) {
      double frequency = std::pow(grown, -2.0 * i / turning) / yarn_divisor(2.0 * i / turning);
      if (table == "bf16_invfreq" && !stretched) frequency = round_bf16(float(frequency));
      for (int64_t t = 0; t < length; ++t) {
        out[t * turning + i] = float(std::cos(double(t) * frequency));
        out[t * turning + pairs + i] = float(std::sin(double(t) * frequency));
      }
    }
  }
};

CADDIE_PLUGIN(Rope, .summary = "Rotary positions on all or some components of queries and keys.",
              .source = "arXiv:2104.09864 and 2309.00071; openai/parameter-golf, train_gpt.py",
              .phase = Phase::kRotate);
