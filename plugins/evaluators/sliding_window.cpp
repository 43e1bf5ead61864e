// SPDX-License-Identifier: Apache-2.0
// Scores the stream in windows that overlap, as sliding.h has them. With isolate_documents each document is
// such a stream of its own.
// Source: github.com/openai/parameter-golf, records/track_10min_16mb/2026-03-19_SlidingWindowEval; pull
// request 206 (c).
#include "sliding.h"

using namespace caddie;

struct SlidingWindow final : Windowed {
  Sliding sliding;
  double temperature = 1;

  void settings(Settings& s) override {
    sliding.settings(s);
    s("temperature", temperature, "what the logits are divided by", between(1e-3, 1e3));
    Windowed::settings(s);
  }
  void validate(const Shapes& shapes) const override {
    int64_t length = window(shapes.model.sequence_length);
    sliding.validate(length);
    check_windows(shapes, length, isolate_documents);
  }
  Score evaluate(Scorer& scorer) override {
    std::vector<Stretch> parts = stretches(scorer, isolate_documents);
    return scorer.score(sliding.windows(parts, window(scorer.sequence_length())), temperature);
  }
};

CADDIE_PLUGIN(SlidingWindow, .summary = "Overlapping windows, so that every position has a long context.",
              .source = "github.com/openai/parameter-golf, 2026-03-19_SlidingWindowEval");
