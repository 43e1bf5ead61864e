// SPDX-License-Identifier: Apache-2.0
// Trains with quantization in sight: while it trains, the model reads each row of a matrix rounded to a grid,
//     y = clamp(round(w / s), low, high) s,  s = max(clip / levels, smallest),
// where clip is the row's largest magnitude, or a quantile of its magnitudes; halves round to even. The
// gradient passes straight through, unless rounding is soft: then with u = w / s, and s held constant,
//     round(u) = floor(u) + sigmoid(sharpness (u - floor(u) - 1/2)).
// w, y: [rows, n].
// Source: arXiv:1308.3432; openai/parameter-golf, pull request 206 (int6_percentile), pull request 592
// (int5), records/track_10min_16mb/2026-03-22_11L_EMA_GPTQ-lite_warmdown3500_QAT015_1.1233 (int6),
// 2026-03-19_MLP3x_QAT_Int6_SlidingWindow (int8, int6_by4), 2026-03-19_Seq2048_FP16Emb_TunedLR (int6_floor)
// and 2026-03-31_ParallelResiduals_MiniDepthRecurrence (soft rounding; the sharpness is ours).
#include "straight_through.h"

using namespace caddie;

// Holds a grid by the name of its form.
struct Grid {
  const char* form;
  float levels, low, high;
  float smallest;      // the smallest scale that a row gets
  float multiple = 1;  // Only multiples of this whole number are used.
  float quantile = 1;
};

constexpr Grid kGrids[] = {
    {"int6", 31, -32, 31, 1.0f / 31},
    {"int6_symmetric", 31, -31, 31, 1.0f / 31},
    {"int6_percentile", 31, -31, 31, 1e-8f / 31, 1, 0.9999984f},
    {"int6_floor", 31, -31, 31, 1.0f / (31 * 31)},
    {"int5", 15, -15, 15, 1.0f / 15},
    {"int8", 127, -127, 127, 1e-12f / 127},
    {"int6_by4", 127, -128, 124, 1e-12f / 127, 4},
};

// A quantile of a grid lies between the two largest magnitudes of any row shorter than this.
constexpr int64_t kLongestRow = 600000;
template <class Row>
CADDIE_FN float quantile_of(Row row, const float* w, float quantile, float largest) {
  auto magnitude = [=](int i) { return w[i] < 0 ? -w[i] : w[i]; };
  float ties = row.sum([=](int i) { return magnitude(i) == largest ? 1.0f : 0.0f; });
  float below = row.max([=](int i) { return magnitude(i) < largest ? magnitude(i) : 0.0f; });
  float second = ties > 1 ? largest : below;
  float weight = quantile * float(row.n - 1) - float(row.n - 2);
  return largest - (largest - second) * (1 - weight);
}

// Rounds one row to its grid, and writes the slope that the gradient takes where rounding is soft.
struct RoundRow {
  Grid grid;
  float sharpness;  // the sharpness of soft rounding; 0 rounds to the nearest
  const float* w;
  float *y, *slope;  // The slope is dy/dw, which only soft rounding writes.
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* wr = w + r * row.n;
    float* yr = y + r * row.n;
    Grid g = grid;
    float clip = row.max([=](int i) { return wr[i] < 0 ? -wr[i] : wr[i]; });
    if (g.quantile < 1) clip = quantile_of(row, wr, g.quantile, clip);
    float scale = clip / g.levels > g.smallest ? clip / g.levels : g.smallest;
    if (sharpness > 0) {
      float* sr = slope + r * row.n;
      float sharp = sharpness;
      row.each([=](int i) {
        float u = wr[i] / scale, whole = floorf(u), up = sigmoid(sharp * (u - whole - 0.5f));
        yr[i] = clamp(whole + up, g.low, g.high) * scale;
        sr[i] = sharp * up * (1 - up);
      });
      return;
    }
    row.each([=](int i) {
      float whole = g.multiple * round_even(round_even(wr[i] / scale) / g.multiple);
      yr[i] = clamp(whole, g.low, g.high) * scale;
    });
  }
};

struct Qat final : WeightView {
  std::string form = "int6", rounding = "nearest", effect = "real";
  double start_below = 0;
  float sharpness = 10;
  int64_t after_step = 0;

  void settings(Settings& s) override {
    s("form", form, "grid that the weights are rounded to",
      one_of("int6", "int6_symmetric", "int6_percentile", "int6_floor", "int5", "int8", "int6_by4"));
    s("rounding", rounding, "to the nearest, or softly, which gradients can follow",
      one_of("nearest", "soft"));
    s("sharpness", sharpness, "of soft rounding: the larger, the nearer to the nearest", at_least(1));
    s("start_below", start_below, "acts while the learning-rate scale is below this; 0: from the first step",
      at_least(0));
    s("after_step", after_step, "acts after this many steps at the earliest", at_least(0));
    s("effect", effect, "real, or inert to reproduce published scores whose rounding never ran",
      one_of("real", "inert"));
  }

  void validate(const Shapes& shapes) const override {
    check(rounding != "soft" || grid().multiple == 1, "form {} takes no soft rounding; use \"nearest\"",
          form);
    for (const WeightInfo* weight : shapes.weights) {
      int64_t n = weight->shape.last();
      check(n > 0 && n < kLongestRow, "rows of {} have {} elements; wanted 1 to {}", weight->name, n,
            kLongestRow - 1);
    }
  }

  bool acts(const Progress& progress) const override {
    bool started = progress.step >= after_step && (start_below == 0 || progress.lr_scale < start_below);
    return started && effect == "real";
  }

  Var view(Var w, const WeightInfo&, const Progress& progress, Mode mode) override {
    if (mode != Mode::kTrain || !acts(progress)) return w;
    int64_t n = w.shape().last();
    Var y = result(w.shape());
    bool soft = rounding == "soft";
    Var slope = soft ? result(w.shape()) : Var();
    float* slopes = soft ? slope.data() : nullptr;
    for_rows(w.device(), w.shape().rows(), int(n),
             RoundRow{grid(), soft ? sharpness : 0, w.data(), y.data(), slopes});
    record_straight_through(y, w, slopes);
    return y;
  }

  Grid grid() const {
    for (const Grid& grid : kGrids)
      if (form == grid.form) return grid;
    fail("qat: unknown form {}", form);
  }
};

CADDIE_PLUGIN(Qat,
              .summary = "The model trains on weights rounded to a grid, with straight-through gradients.",
              .source = "arXiv:1308.3432; openai/parameter-golf, pull request 206");
