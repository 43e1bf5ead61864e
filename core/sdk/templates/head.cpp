// SPDX-License-Identifier: Apache-2.0
// Computes logits by the token table, after a learned scale of each channel: z = (s x) table^T.
// x: [B,T,C], s: [C], table: [V,C], z: [B,T,V].
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Head {
  double start = 1;
  Parameter scale;

  void settings(Settings& s) override { s("start", start, "initial scale", between(0, 100)); }
  void weights(Weights& w) override {
    scale = w.add("new_plugin.scale", {w.model().width}, Role::kVector, Init::constant(start));
  }
  Var logits(Forward& forward, Var x) override { return forward.logits_by_table(x * scale); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Logits by the token table, of scaled channels.", .source = "fill in");
