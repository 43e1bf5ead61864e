// SPDX-License-Identifier: Apache-2.0
// Scores the stream in windows of T positions that start every `stride` = S positions; all but the first give
// their early positions as context only. Of N positions, a window at w covers w .. min(w + T, N) - 1 and
//   a         starts while w + T - S < N and scores from w + T - S on, so each position exactly once
//   b         starts while w < N and scores its last S, so that cut windows score the end of the stream again
//   b_stride  as b, without the windows that hold fewer than S positions
//   c         starts while w + T <= N; even the first one scores only its last S
// With isolate_documents each document is such a stream of its own.
// Source: github.com/openai/parameter-golf, records/track_10min_16mb/2026-03-19_SlidingWindowEval; pull
// request 206 (c).
#include "windowed.h"

#include <algorithm>
using namespace caddie;

struct SlidingWindow final : Windowed {
  int64_t stride = 64;
  std::string variant = "a";
  double temperature = 1;

  void settings(Settings& s) override {
    s("stride", stride, "positions from one window to the next", at_least(1));
    s("variant", variant, "which windows there are and what they score", one_of("a", "b", "b_stride", "c"));
    s("temperature", temperature, "what the logits are divided by", between(1e-3, 1e3));
    Windowed::settings(s);
  }
  void validate(const Shapes& shapes) const override {
    int64_t length = window(shapes.model.sequence_length);
    check(stride <= length, "stride {} skips positions, for a window has {}; take a stride of at most {}",
          stride, length, length);
    check_windows(shapes, length, isolate_documents);
  }

  Score evaluate(Scorer& scorer) override {
    int64_t length = window(scorer.sequence_length());
    std::vector<Window> windows;
    for (const Stretch& stretch : stretches(scorer, isolate_documents)) slide(stretch, length, windows);
    return scorer.score(windows, temperature);
  }
  // Adds the windows of one stretch; `full` is the length of a window that is not cut.
  void slide(const Stretch& stretch, int64_t full, std::vector<Window>& windows) const {
    int64_t positions = stretch.end - stretch.begin;
    for (int64_t start = 0; start == 0 || exists(start, positions, full); start += stride) {
      int64_t length = std::min(full, positions - start);
      int64_t context = variant == "a" ? full - stride : std::max<int64_t>(length - stride, 0);
      windows.push_back({stretch.begin + start, length, start == 0 && variant != "c" ? 0 : context});
    }
  }
  // Tells whether the variant has a window at `start`; the first window always exists.
  bool exists(int64_t start, int64_t positions, int64_t full) const {
    if (variant == "a") return start + full - stride < positions;
    if (variant == "b") return start < positions;
    if (variant == "b_stride") return start + stride <= positions;
    return start + full <= positions;
  }
};

CADDIE_PLUGIN(SlidingWindow, .summary = "Overlapping windows, so that every position has a long context.",
              .source = "github.com/openai/parameter-golf, 2026-03-19_SlidingWindowEval");
