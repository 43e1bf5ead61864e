// SPDX-License-Identifier: Apache-2.0
// Lets each position see its own document alone. Documents begin at the token bos_id, and at the start of a
// row; a batch that knows better, because it cut documents elsewhere, says so. Only attention is bounded:
// position embeddings, what looks at the token before, and the loss go on over the whole row.
// Source: arXiv:2107.02027 (block-diagonal attention of packed rows); openai/parameter-golf, pull request
// 1855 (cu_seqlens).
#include <caddie/plugin.h>

using namespace caddie;

// Returns where the document of position t begins.
struct StartOfDocument {
  int32_t start_token;
  CADDIE_FN int operator()(const int32_t* sequence, int t) const {
    while (t > 0 && sequence[t] != start_token) --t;
    return t;
  }
};

struct DocumentMask final : AttentionMask {
  int bos_id = 1;

  void settings(Settings& s) override { s("bos_id", bos_id, "token that starts a document", at_least(0)); }

  void validate(const Shapes& shapes) const override {
    check(shapes.documents != 0, "the validation stream marks no documents, so there is nothing to mask");
    check(shapes.start_token < 0 || shapes.start_token == bos_id,
          "bos_id is {}, and documents begin at the token {} of the tokenizer; set bos_id = {}", bos_id,
          shapes.start_token, shapes.start_token);
  }

  Ids first_seen(Forward& forward) override {
    if (forward.documents.data) return forward.documents;
    return map_ids(StartOfDocument{bos_id}, forward.tokens);
  }
};

CADDIE_PLUGIN(DocumentMask, .summary = "Attention within documents.",
              .source = "arXiv:2107.02027; openai/parameter-golf, pull request 1855");
