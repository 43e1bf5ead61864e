// SPDX-License-Identifier: Apache-2.0
// Factors the table of the token embedding, which a tied head reads as well, with matrices of their own for
// the way in and out:
//     e = table[token] Win^T,  z = (x Wout^T) table^T.
// table: [V, dim], Win: [C, dim], Wout: [dim, C], x, e: [B,T,C], z: [B,T,V]. Both start uniform in
// +-1/sqrt(in).
// Source: arXiv:1909.11942, section 3.1; openai/parameter-golf, pull request 640.
#include <caddie/plugin.h>

using namespace caddie;

struct FactoredEmbedding final : TokenTable {
  int dim = 256;
  Parameter table, in, out;

  void settings(Settings& s) override {
    s("dim", dim, "length of a row of the table, before projection to the model's width", at_least(1));
  }

  void weights(Weights& w) override {
    int64_t width = w.model().width;
    table = w.add("tok_emb.weight", {w.model().vocabulary, dim}, Role::kEmbedding, Init::as_token_table(),
                  Place::kTokens);
    in = w.add("embed_proj.weight", {width, dim}, Role::kMatrix, Init::uniform(1 / std::sqrt(double(dim))));
    out = w.add("embed_proj_rev.weight", {dim, width}, Role::kMatrix,
                Init::uniform(1 / std::sqrt(double(width))));
  }

  Var embed(Forward& forward) override { return linear(gather(table, forward.tokens), in); }
  Var logits(Forward&, Var x) override { return linear(linear(x, out), table); }
};

CADDIE_PLUGIN(FactoredEmbedding, .summary = "A narrow token table with projections to the model's width.",
              .source = "arXiv:1909.11942; openai/parameter-golf, pull request 640");
