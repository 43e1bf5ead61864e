// SPDX-License-Identifier: Apache-2.0
// Fills batches with whole documents, one behind the other: a sequence begins where a document does and ends
// with it, at the length of a sequence, or at the end of the batch, so that none sees another document. A
// shard is read from its first document on, and what is left at its end is too little for a batch is dropped.
// Source: openai/parameter-golf, pull request 1530 (DocumentPackingLoader, _build_cu_seqlens).
#include <caddie/plugin.h>

#include <algorithm>
using namespace caddie;

struct DocumentPacking final : Sampler {
  int bos_id = 1;
  const TrainingText* text = nullptr;
  std::vector<int64_t> starts;  // where each shard begins in the stream
  int64_t shard = 0, place = 0, ranks = 1;

  void settings(Settings& s) override {
    s("bos_id", bos_id, "token that starts a document", between(0, 65535));
  }

  // Sequences come in every length, so the tokens of a batch need be no multiple of any.
  std::vector<BatchSize> sizes(const BatchSize& set) const override { return {{set.tokens, 1}}; }

  void begin(const Sampling& sampling) override {
    text = &sampling.text;
    ranks = sampling.ranks;
    starts.assign(1, 0);
    bool any = false;
    for (size_t i = 0; i < text->shards(); ++i) {
      auto tokens = int64_t(text->tokens(i).size());
      starts.push_back(starts.back() + tokens);
      any = any || tokens - first_document(int64_t(i)) >= taken(sampling.part);
    }
    check(
        any,
        "no training shard holds {} tokens from its first document on, as one micro-step of all ranks takes; "
        "documents begin with the token {}",
        taken(sampling.part), bos_id);
    shard = 0;
    place = first_document(0);
  }

  std::vector<Sequence> next(const BatchSize& part) override {
    while (starts[size_t(shard) + 1] - starts[size_t(shard)] - place < taken(part)) {
      shard = (shard + 1) % int64_t(text->shards());
      place = first_document(shard);
    }
    std::vector<Sequence> drawn;
    for (int64_t rank = 0; rank < ranks; ++rank, place += part.tokens + 1) cut(part, drawn);
    return drawn;
  }

  void state(Archive& archive) override {
    archive("shard", shard);
    archive("place", place);
  }

  /// Returns how many tokens of a shard a micro-step takes. The last one of each rank is only ever a target.
  int64_t taken(const BatchSize& part) const { return ranks * (part.tokens + 1); }

  /// Returns the place in a shard of its first document, the shard's end where it has none.
  int64_t first_document(int64_t of) const {
    std::span<const uint16_t> tokens = text->tokens(size_t(of));
    return std::find(tokens.begin(), tokens.end(), bos_id) - tokens.begin();
  }

  /// Cuts one rank's tokens, which begin at `place`, into sequences.
  void cut(const BatchSize& part, std::vector<Sequence>& drawn) const {
    std::span<const uint16_t> tokens =
        text->tokens(size_t(shard)).subspan(size_t(place), size_t(part.tokens));
    int64_t begin = 0;
    for (int64_t i = 1; i <= part.tokens; ++i) {
      if (i < part.tokens && tokens[size_t(i)] != bos_id && i - begin < part.length) continue;
      drawn.push_back({starts[size_t(shard)] + place + begin, i - begin});
      begin = i;
    }
  }
};

CADDIE_PLUGIN(DocumentPacking, .summary = "Sequences that end with their documents, packed into batches.",
              .source = "openai/parameter-golf, pull request 1530");
