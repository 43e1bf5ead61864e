// SPDX-License-Identifier: Apache-2.0
// Scores the stream in full windows that do not overlap, each position once, without context across windows.
// What is left after the last full window is not scored.
// Source: github.com/openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>
using namespace caddie;

struct Standard final : Evaluator {
  int64_t sequence_length = 0;

  void settings(Settings& s) override {
    s("sequence_length", sequence_length, "length of a window; 0: that of training", at_least(0));
  }
  Score evaluate(Scorer& scorer) override {
    int64_t length = sequence_length > 0 ? sequence_length : scorer.sequence_length();
    check(scorer.positions() >= length,
          "standard: the validation stream has {} positions; one window needs {}", scorer.positions(),
          length);
    std::vector<Window> windows;
    for (int64_t start = 0; start + length <= scorer.positions(); start += length)
      windows.push_back({start, length, 0});
    return scorer.score(windows);
  }
};

CADDIE_PLUGIN(Standard, .summary = "Full windows side by side, each position once.",
              .source = "github.com/openai/parameter-golf, train_gpt.py");
