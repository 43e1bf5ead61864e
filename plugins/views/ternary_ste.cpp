// SPDX-License-Identifier: Apache-2.0
// Trains with weights of three values in sight: while it trains, the model reads each group of neighbouring
// weights as
//     y = clamp(round(w / s), -1, 1) s,  s = max(mean|w|, 1e-8),
// where halves round to even. Groups lie in rows, whose last one may be short; with groups = "flat" they run
// on over the ends of rows. The gradient passes straight through: dw = dy. w, y: [..., n].
// Source: arXiv:2402.17764; github.com/openai/parameter-golf, pull request 640.
#include "straight_through.h"

using namespace caddie;

// Rounds one group. Full groups stand next to each other in a row; the short one at a row's end is a call of
// its own.
struct RoundGroup {
  int64_t groups, length, group,
      offset;  // the groups of a row that this call sees, and where the first begins
  const float* w;
  float* y;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    int64_t begin = r / groups * length + r % groups * group + offset;
    const float* wr = w + begin;
    float* yr = y + begin;
    float mean = row.sum([=](int i) { return wr[i] < 0 ? -wr[i] : wr[i]; }) / float(row.n);
    float scale = mean > 1e-8f ? mean : 1e-8f;
    row.each([=](int i) { yr[i] = round_even(clamp(wr[i] / scale, -1.0f, 1.0f)) * scale; });
  }
};

struct TernaryStraightThrough final : WeightView {
  int group_size = 128;
  std::string groups = "rows";
  int64_t after_step = 0;

  void settings(Settings& s) override {
    s("group_size", group_size, "neighbours that share a scale", between(1, 1 << 20));
    s("groups", groups, "within rows, as they are stored, or over the flat matrix", one_of("rows", "flat"));
    s("after_step", after_step, "acts after this many steps", at_least(0));
  }
  bool acts(const Progress& progress) const override { return progress.step >= after_step; }

  Var view(Var w, const WeightInfo&, const Progress& progress, Mode mode) override {
    if (mode != Mode::kTrain || !acts(progress) || w.value().numel() == 0) return w;
    bool flat = groups == "flat" || w.shape().rank() == 0;
    int64_t length = flat ? w.value().numel() : w.shape().last(), rows = w.value().numel() / length;
    int64_t full = length / group_size, rest = length % group_size;
    Var y = result(w.shape());
    RoundGroup kernel{full, length, group_size, 0, w.data(), y.data()};
    if (full > 0) for_rows(w.device(), rows * full, group_size, kernel);
    kernel.offset = full * group_size;
    kernel.groups = 1;
    if (rest > 0) for_rows(w.device(), rows, int(rest), kernel);
    record_straight_through(y, w);
    return y;
  }
};

CADDIE_PLUGIN(
    TernaryStraightThrough,
    .summary = "The model trains on weights of three values a group, with straight-through gradients.",
    .source = "arXiv:2402.17764; github.com/openai/parameter-golf, pull request 640");
