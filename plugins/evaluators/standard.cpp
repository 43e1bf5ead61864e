// SPDX-License-Identifier: Apache-2.0
// Scores the stream in full windows that do not overlap, each position once, without context across windows.
// What is left after the last full window is not scored. With isolate_documents the windows of each document
// start anew, and its last one may be shorter: then every position is scored.
// Source: github.com/openai/parameter-golf, train_gpt.py.
#include "windowed.h"

#include <algorithm>
using namespace caddie;

struct Standard final : Windowed {
  void validate(const Shapes& shapes) const override {
    check_windows(shapes, window(shapes.model.sequence_length), isolate_documents);
  }

  Score evaluate(Scorer& scorer) override {
    int64_t length = window(scorer.sequence_length());
    std::vector<Window> windows;
    for (const Stretch& stretch : stretches(scorer, isolate_documents))
      for (int64_t start = stretch.begin; start < stretch.end; start += length) {
        int64_t covered = std::min(length, stretch.end - start);
        if (covered == length || isolate_documents) windows.push_back({start, covered, 0});
      }
    return scorer.score(windows);
  }
};

CADDIE_PLUGIN(Standard, .summary = "Full windows side by side, each position once.",
              .source = "github.com/openai/parameter-golf, train_gpt.py", .neutral = true);
