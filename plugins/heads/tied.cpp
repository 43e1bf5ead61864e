// SPDX-License-Identifier: Apache-2.0
// Computes the logits by the token table itself: z = x table^T, or what a plugin that stands for the table
// makes of that. x: [B,T,C], table: [V,C], z: [B,T,V].
// Source: arXiv:1608.05859; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct Tied final : Head {
  Var logits(Forward& forward, Var x) override { return forward.logits_by_table(x); }
};

CADDIE_PLUGIN(Tied, .summary = "Logits by the table of the token embedding.",
              .source = "arXiv:1608.05859; openai/parameter-golf, train_gpt.py", .neutral = true);
