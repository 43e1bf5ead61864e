// SPDX-License-Identifier: Apache-2.0
// Draws every sequence of the text once, in a random order, and then anew. Each shard is cut into sequences
// from a random place on; each sequence comes from a shard that is drawn in proportion to the sequences that
// it has left. Rank r draws from the shards r, r + ranks, and so on, by itself.
// Source: openai/parameter-golf, pull request 1394 (ShuffledSequenceLoader).
#include <numeric>

#include "blocks.h"
using namespace caddie;

/// Draws the sequences of one rank.
class Shuffler {
 public:
  Shuffler(const Sampling& sampling, int rank)
      : random_({uint64_t(rank), sampling.seed}), begun_(random_), length_(sampling.part.length) {
    ShardSizes sizes(sampling.text);
    for (size_t shard = size_t(rank); shard < sizes.starts.size(); shard += size_t(sampling.ranks))
      shards_.push_back({sizes.starts[shard], sizes.tokens[shard], {}});
    shuffle();
    check(left() > 0,
          "rank {} of {} draws from the shards {}, {} and so on, and none of these holds {} tokens, which "
          "are a sequence of {} and its last target",
          rank, sampling.ranks, rank, rank + sampling.ranks, length_ + 1, length_);
  }

  Sequence next() {
    if (left() == 0) shuffle();
    std::vector<double> shares;
    for (auto all = double(left()); const Shard& shard : shards_)
      shares.push_back(double(shard.sequences.size()) / all);
    Shard& shard = shards_[random_.choice(shares)];
    int64_t start = shard.sequences.back();
    shard.sequences.pop_back();
    return {shard.start + start, length_};
  }

  void state(Archive& archive, const std::string& name) {
    std::vector<int64_t> counts;
    for (const Shard& shard : shards_) counts.push_back(int64_t(shard.sequences.size()));
    Pcg64 begun = begun_, now = random_;
    begun.state(archive, name + ".begun");
    now.state(archive, name + ".random");
    show_list(archive, name + ".left", counts);
    if (now == random_ && begun == begun_) return;
    random_ = begun;
    shuffle();
    for (size_t i = 0; i < shards_.size(); ++i) shards_[i].sequences.resize(size_t(counts.at(i)));
    random_ = now;
  }

 private:
  struct Shard {
    int64_t start, tokens;
    std::vector<int64_t> sequences;  // where those that are left begin; the last one is the next
  };

  int64_t left() const {
    return std::accumulate(shards_.begin(), shards_.end(), int64_t(0), [](int64_t sum, const Shard& shard) {
      return sum + int64_t(shard.sequences.size());
    });
  }

  void shuffle() {
    begun_ = random_;
    for (Shard& shard : shards_) {
      int64_t phase = draw_phase(random_, shard.tokens, length_);
      shard.sequences = random_.permutation(blocks_in(shard.tokens - phase, length_));
      for (int64_t& sequence : shard.sequences) sequence = phase + sequence * length_;
    }
  }

  std::vector<Shard> shards_;
  Pcg64 random_, begun_;  // the generator as it is, and as it was before the sequences were last shuffled
  int64_t length_;
};

struct ShuffledSequences final : Sampler {
  std::vector<Shuffler> ranks;

  void validate(const Shapes& shapes) const override {
    check_some_block(shapes.shards, shapes.model.sequence_length);
  }
  void begin(const Sampling& sampling) override {
    ranks.clear();
    for (int rank = 0; rank < sampling.ranks; ++rank) ranks.emplace_back(sampling, rank);
  }
  std::vector<Sequence> next(const BatchSize& part) override {
    std::vector<Sequence> drawn;
    for (Shuffler& rank : ranks)
      for (int64_t token = 0; token < part.tokens; token += part.length) drawn.push_back(rank.next());
    return drawn;
  }
  void state(Archive& archive) override {
    for (size_t rank = 0; rank < ranks.size(); ++rank)
      ranks[rank].state(archive, "rank" + std::to_string(rank));
  }
};

CADDIE_PLUGIN(ShuffledSequences, .summary = "The sequences of the text in a random order.",
              .source = "openai/parameter-golf, pull request 1394");
