// SPDX-License-Identifier: Apache-2.0
// Adds a learned vector for each hashed pair of tokens (previous, current): scale * project(table[hash]),
// [B,T,C]. table: [buckets, dim], project: [C, dim], absent when dim is C.
// Source: openai/parameter-golf, records/track_10min_16mb/2026-03-25_ValCalib_GPTQ_XSA_BigramHash3072, and
// 2026-03-19_smeargate_orthoinit_muonwd for the linear hash.
#include "wrapped_remainder.h"

using namespace caddie;

// The last bucket serves positions with too little history.
struct XorHash {
  int history;  // 1 for pairs, 2 for triples
  int32_t buckets;
  CADDIE_FN int operator()(const int32_t* ids, int t) const {
    int32_t modulus = buckets - 1;
    if (t < history) return modulus;
    uint32_t bits = 36313u * uint32_t(ids[t]) ^ 27191u * uint32_t(ids[t - 1]);
    if (history == 2) bits ^= 51497u * uint32_t(ids[t - 2]);
    return wrapped_remainder(bits, modulus);
  }
};

struct LinearHash {
  int32_t buckets;
  CADDIE_FN int operator()(const int32_t* ids, int t) const {
    int64_t previous = t > 0 ? ids[t - 1] : 0;
    return int((92821 * previous + ids[t]) % buckets);
  }
};

struct BigramHash final : Embedding {
  int buckets = 4096, dim = 128;
  double scale_init = 0.05;
  std::string hash = "xor";
  bool trigram = false;
  Parameter scale, table, project;

  void settings(Settings& s) override {
    s("buckets", buckets, "rows of the table; with the xor hash the last one serves first positions",
      at_least(2));
    s("dim", dim, "length of a row, before projection to the model's width", at_least(1));
    s("scale", scale_init, "initial factor of the result; the linear form has no factor");
    s("hash", hash, "xor, or the earlier linear form, whose table starts random and projection at zero",
      one_of("xor", "linear"));
    s("trigram", trigram, "adds to each row that of the hashed triple, from the same table; xor form only");
  }

  void weights(Weights& w) override {
    int width = w.model().width;
    bool linear_form = hash == "linear";
    check(!(linear_form && trigram), "bigram_hash: trigram = true needs hash = \"xor\"");
    std::string name = linear_form ? "bigram_hash" : "bigram";
    if (!linear_form) scale = w.add(name + ".scale", {}, Role::kScalar, Init::constant(scale_init));
    table = w.add(name + (linear_form ? ".table.weight" : ".embed.weight"), {buckets, dim}, Role::kEmbedding,
                  linear_form ? Init::normal(0.01) : Init::constant(0));
    // The table and the projection must not both start at zero, or neither ever moves.
    if (dim != width)
      project = w.add(name + ".proj.weight", {width, dim}, Role::kMatrix,
                      linear_form ? Init::constant(0) : Init::by_initializer());
  }

  Var embed(Forward& forward) override {
    Var y = hash == "linear" ? gather(table, map_ids(LinearHash{buckets}, forward.tokens))
                             : gather(table, map_ids(XorHash{1, buckets}, forward.tokens));
    if (trigram) y = y + gather(table, map_ids(XorHash{2, buckets}, forward.tokens));
    if (project.defined()) y = linear(y, project);
    return scale.defined() ? y * scale : y;
  }
};

CADDIE_PLUGIN(BigramHash, .summary = "Learned vectors of hashed token pairs, added to the token embedding.",
              .source =
                  "openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-25_ValCalib_GPTQ_XSA_BigramHash3072");
