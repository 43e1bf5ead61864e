// SPDX-License-Identifier: Apache-2.0
// Adds a learned vector for each hashed triple of tokens, from a table of its own:
//     scale * project(table[hash]), [B,T,C].
// table: [buckets, dim], project: [C, dim], absent when dim is C.
// Source: openai/parameter-golf, pull request 1311, 2026-04-03_11L_LeakyReLU2_EMA_LZMA_Int6.
#include "wrapped_remainder.h"

using namespace caddie;

// The last bucket serves the first position, and the second one hashes the two tokens there are.
struct TripleHash {
  int32_t buckets;
  CADDIE_FN int operator()(const int32_t* ids, int t) const {
    int32_t modulus = buckets - 1;
    if (t == 0) return modulus;
    uint32_t bits;
    if (t == 1)
      bits = 36313u * uint32_t(ids[1]) ^ 27191u * uint32_t(ids[0]);
    else
      bits = 48271u * uint32_t(ids[t]) ^ 36313u * uint32_t(ids[t - 1]) ^ 27191u * uint32_t(ids[t - 2]);
    return wrapped_remainder(bits, modulus);
  }
};

struct TrigramHash final : Embedding {
  int buckets = 4096, dim = 128;
  double scale_init = 0.03;
  Parameter scale, table, project;

  void settings(Settings& s) override {
    s("buckets", buckets, "rows of the table; the last one serves first positions", at_least(2));
    s("dim", dim, "length of a row, before projection to the model's width", at_least(1));
    s("scale", scale_init, "initial factor of the result");
  }

  void weights(Weights& w) override {
    int width = w.model().width;
    scale = w.add("trigram.sc", {}, Role::kScalar, Init::constant(scale_init));
    table = w.add("trigram.emb.weight", {buckets, dim}, Role::kEmbedding, Init::constant(0));
    // The table and the projection must not both start at zero, or neither ever moves.
    if (dim != width)
      project = w.add("trigram.proj.weight", {width, dim}, Role::kMatrix, Init::by_initializer());
  }

  Var embed(Forward& forward) override {
    Var y = gather(table, map_ids(TripleHash{buckets}, forward.tokens));
    if (project.defined()) y = linear(y, project);
    return y * scale;
  }
};

CADDIE_PLUGIN(TrigramHash,
              .summary = "Learned vectors of hashed token triples, added to the token embedding.",
              .source = "openai/parameter-golf, pull request 1311, 2026-04-03_11L_LeakyReLU2_EMA_LZMA_Int6");
