// SPDX-License-Identifier: Apache-2.0
// Scores the stream in full windows that do not overlap, each position once, without context across windows.
// What is left after the last full window is not scored. With isolate_documents the windows of each document
// start anew, and its last one may be shorter: then every position is scored.
// Source: github.com/openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

#include <algorithm>
using namespace caddie;

struct Standard final : Evaluator {
  int64_t sequence_length = 0;
  bool isolate_documents = false;

  void settings(Settings& s) override {
    s("sequence_length", sequence_length, "length of a window; 0: that of training", at_least(0));
    s("isolate_documents", isolate_documents, "let no context reach back across the start of a document");
  }
  void validate(const Shapes& shapes) const override {
    check_windows(shapes, window(shapes.model.sequence_length), isolate_documents);
  }
  int64_t window(int64_t of_training) const { return sequence_length > 0 ? sequence_length : of_training; }

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
