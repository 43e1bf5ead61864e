// SPDX-License-Identifier: Apache-2.0
// Mixes in the certainty that the last token x comes again: p'(a) = (1 - s) p(a) + s [a = x].
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Blend {
  double share = 0.001;
  int32_t last = -1;  // the token that was read last; -1 where there is none

  void settings(Settings& s) override {
    s("share", share, "weight of the guess that the last token comes again", between(0, 0.5));
  }
  void begin(int) override { last = -1; }
  void read(int32_t token, bool) override { last = token; }
  void guess(std::vector<Guess>& guesses) const override {
    if (last >= 0) guesses.push_back({last, float(share)});
  }
  double mix(std::span<const Guess>, std::span<double> p) const override {
    p[0] = (1 - share) * p[0] + share;
    return 1 - share;  // multiplies the probabilities of all other tokens, so that the sum stays 1
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Mixes in the guess that the last token comes again.",
              .source = "fill in");
