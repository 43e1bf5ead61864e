// SPDX-License-Identifier: Apache-2.0
// Multiplies what the table of the token embedding gives by a number on the way in, and leaves the tied head
// as it is: e = scale table[token], z = x table^T.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : TokenTable {
  double scale = 2;
  Parameter table;  // [V, C]

  void settings(Settings& s) override { s("scale", scale, "factor of the embedding", between(0, 1000)); }
  void weights(Weights& w) override {
    table = w.add("tok_emb.weight", {w.model().vocabulary, w.model().width}, Role::kEmbedding,
                  Init::as_token_table(), Place::kTokens);
  }
  Var embed(Forward& forward) override { return gather(table, forward.tokens) * float(scale); }
  Var logits(Forward&, Var x) override { return linear(x, table); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "A token table whose embedding is scaled.", .source = "fill in");
