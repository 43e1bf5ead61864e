// SPDX-License-Identifier: Apache-2.0
// Scores windows that overlap: all but the first score only the part behind the context that they share.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>

#include <algorithm>
using namespace caddie;

struct NewPlugin final : Evaluator {
  double context = 0.5;

  void settings(Settings& s) override {
    s("context", context, "share of a window that is read and not scored", between(0, 0.99));
  }
  Score evaluate(Scorer& scorer) override {
    int64_t length = std::min(scorer.sequence_length(), scorer.positions());
    int64_t read = std::min(length - 1, int64_t(context * double(length)));
    std::vector<Window> windows;
    for (int64_t scored = 0; scored < scorer.positions();) {
      int64_t start = std::max<int64_t>(0, scored - read);
      int64_t end = std::min(scorer.positions(), start + length);
      windows.push_back({start, end - start, scored - start});
      scored = end;
    }
    return scorer.score(windows);
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Overlapping windows, each position once.", .source = "fill in");
