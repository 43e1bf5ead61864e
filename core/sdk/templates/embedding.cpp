// SPDX-License-Identifier: Apache-2.0
// Adds to the embedding of a token a learned vector of the token before it.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

// Returns the row of the table for position t. The last row serves first positions.
struct TokenBefore {
  int rows;
  CADDIE_FN int operator()(const int32_t* ids, int t) const {
    return t == 0 ? rows - 1 : int(uint32_t(ids[t - 1]) % uint32_t(rows - 1));
  }
};

struct NewPlugin final : Embedding {
  int rows = 256;
  Parameter table;  // [rows, C]

  void settings(Settings& s) override { s("rows", rows, "rows of the table", between(2, 1 << 24)); }
  void weights(Weights& w) override {
    table = w.add("new_plugin.weight", {rows, w.model().width}, Role::kEmbedding, Init::normal(0.01));
  }
  Var embed(Forward& forward) override { return gather(table, map_ids(TokenBefore{rows}, forward.tokens)); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "A learned vector of the token before.", .source = "fill in");
