// SPDX-License-Identifier: Apache-2.0
// Lets a position see those from the start of its block of `length` positions on.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

// Returns the first position that position t sees. It lies between 0 and t, and never falls along a row.
struct StartOfBlock {
  int length;
  CADDIE_FN int operator()(const int32_t*, int t) const { return t - t % length; }
};

struct NewPlugin final : AttentionMask {
  int length = 8;

  void settings(Settings& s) override { s("length", length, "positions of a block", between(1, 1 << 20)); }
  Ids first_seen(Forward& forward) override { return map_ids(StartOfBlock{length}, forward.tokens); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Attention within blocks of positions.", .source = "fill in");
