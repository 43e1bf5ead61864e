// SPDX-License-Identifier: Apache-2.0
// Lets each position see its own document alone. Documents begin at the token bos_id, and at the start of a
// row, and are cut to parts of `longest` positions; a batch that cut them itself says where. Only attention
// is bounded: position embeddings, what looks at the token before, and the loss go on over the whole row.
// Source: arXiv:2107.02027 (block-diagonal attention of packed rows); openai/parameter-golf, pull request
// 1855 (cu_seqlens).
#include <caddie/plugin.h>

using namespace caddie;

// Returns where the document of position t begins, or the part of it that holds t.
struct StartOfDocument {
  int32_t start_token, longest;
  CADDIE_FN int operator()(const int32_t* sequence, int t) const {
    int start = t;
    while (start > 0 && sequence[start] != start_token) --start;
    return longest > 0 ? t - (t - start) % longest : start;
  }
};

struct DocumentMask final : AttentionMask {
  int bos_id = 1, longest = 0;

  void settings(Settings& s) override {
    s("bos_id", bos_id, "token that starts a document", at_least(0));
    s("longest", longest, "positions after which a document is cut, again and again; 0: never", at_least(0));
  }

  void validate(const Shapes& shapes) const override {
    check(shapes.documents != 0, "the validation stream marks no documents, so there is nothing to mask");
    check(shapes.start_token < 0 || shapes.start_token == bos_id,
          "bos_id is {}, and documents begin at the token {} of the tokenizer; set bos_id = {}", bos_id,
          shapes.start_token, shapes.start_token);
  }

  Ids first_seen(Forward& forward) override {
    if (forward.documents.data) return forward.documents;
    return map_ids(StartOfDocument{bos_id, longest}, forward.tokens);
  }
};

CADDIE_PLUGIN(DocumentMask, .summary = "Attention within documents.",
              .source = "arXiv:2107.02027; openai/parameter-golf, pull request 1855");
