// SPDX-License-Identifier: Apache-2.0
// Mixes sequences of many shards into each batch, and goes through a shard in strides that are coprime to its
// number of sequences, so that each comes once and neighbours come far apart. A shard is drawn in proportion
// to the sequences that it has left, to a power that falls from 0.9 to 0.5 while the shards of a batch rise
// from 8 to 32, over the first `ramp_batches` micro-steps.
// Source: openai/parameter-golf, pull request 726 (DistributedTokenLoader).
#include <cmath>
#include <numeric>
#include <optional>

#include "blocks.h"
using namespace caddie;

/// Walks through the sequences of one shard.
struct Walk {
  int64_t blocks = 0, phase = 0, start = 0, stride = 1, taken = 0;

  bool used_up() const { return taken == blocks; }  // It is so before the first sequence too.

  void begin(Pcg64& random, int64_t tokens, int64_t length) {
    phase = draw_phase(random, tokens, length);
    blocks = blocks_in(tokens - phase, length);
    start = random.below(blocks);
    stride = 1;
    if (blocks > 1) do
        stride = 1 + random.below(blocks - 1);
      while (std::gcd(stride, blocks) != 1);
    taken = 0;
  }
  int64_t next(int64_t length) { return phase + (start + taken++ * stride) % blocks * length; }
  void state(Archive& archive, const std::string& name) {
    archive((name + ".blocks").c_str(), blocks);
    archive((name + ".phase").c_str(), phase);
    archive((name + ".start").c_str(), start);
    archive((name + ".stride").c_str(), stride);
    archive((name + ".taken").c_str(), taken);
  }
};

struct CoprimeStride final : Sampler {
  int64_t ramp_batches = 1800;
  std::optional<ShardSizes> sizes;
  std::vector<Walk> walks;  // one for each shard
  Pcg64 random{0};
  int64_t batches = 0, length = 0;
  int ranks = 1;

  void settings(Settings& s) override {
    s("ramp_batches", ramp_batches, "micro-steps until a batch mixes as many shards as it ever does",
      at_least(1));
  }
  void validate(const Shapes& shapes) const override {
    check_some_block(shapes.shards, shapes.model.sequence_length);
  }

  void begin(const Sampling& sampling) override {
    sizes.emplace(sampling.text);
    length = sampling.part.length;
    check_some_block(sizes->tokens, length);
    walks.assign(sizes->tokens.size(), {});
    random = Pcg64({sampling.seed});
    batches = 0;
    ranks = sampling.ranks;
  }

  // The sequences of all ranks are drawn as one list, from which the ranks take turns.
  std::vector<Sequence> next(const BatchSize& part) override {
    int64_t each = part.tokens / part.length;
    std::vector<Sequence> mixed = draw(each * ranks), drawn;
    for (int64_t rank = 0; rank < ranks; ++rank)
      for (int64_t i = 0; i < each; ++i) drawn.push_back(mixed[size_t(i * ranks + rank)]);
    return drawn;
  }

  std::vector<Sequence> draw(int64_t count) {
    double ramp = std::min(double(batches++) / double(ramp_batches), 1.0);
    std::vector<size_t> shards = draw_shards(count, ramp);
    std::vector<int64_t> counts = share_out(count, shards);
    std::vector<std::vector<Sequence>> lists;
    for (int64_t i : random.permutation(int64_t(shards.size())))
      lists.push_back(draw_from(shards[size_t(i)], counts[size_t(i)]));
    // In rounds, each shard that still has sequences gives one. A round shuffles the order of the last one.
    std::vector<Sequence> mixed;
    std::vector<size_t> round(lists.size());
    std::iota(round.begin(), round.end(), size_t(0));
    while (!round.empty()) {
      random.shuffle(round);
      for (size_t i : round) {
        mixed.push_back(lists[i].back());
        lists[i].pop_back();
      }
      std::erase_if(round, [&](size_t i) { return lists[i].empty(); });
    }
    return mixed;
  }

  /// Draws the shards of a batch; `weights` is kept for sharing out its sequences among them.
  std::vector<size_t> draw_shards(int64_t count, double ramp) {
    weights.assign(walks.size(), 0);
    for (size_t i = 0; i < walks.size(); ++i) {
      int64_t whole = blocks_in(sizes->tokens[i], length), left = walks[i].blocks - walks[i].taken;
      if (whole > 0)
        weights[i] = std::pow(walks[i].blocks > 0 ? std::max<int64_t>(left, 1) : whole, 0.9 - 0.4 * ramp);
    }
    auto usable = std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; });
    auto at_most = [&](int64_t wanted) { return double(std::min({wanted, int64_t(usable), count})); };
    double few = at_most(std::max(8, ranks)), many = at_most(std::max(32, 8 * ranks));
    return random.choice(size_t(std::nearbyint(few + ramp * (many - few))), weights);
  }

  /// Returns how many sequences each of the shards gives, one at least.
  std::vector<int64_t> share_out(int64_t count, const std::vector<size_t>& shards) {
    std::vector<double> shares;
    for (size_t shard : shards) shares.push_back(weights[shard]);
    double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares) share /= sum;
    std::vector<int64_t> counts(shards.size());
    if (int64_t more = count - int64_t(shards.size()); more > 0) counts = random.multinomial(more, shares);
    for (int64_t& one : counts) ++one;
    return counts;
  }

  std::vector<Sequence> draw_from(size_t shard, int64_t count) {
    std::vector<Sequence> drawn;
    while (int64_t(drawn.size()) < count) {
      Walk& walk = walks[shard];
      if (walk.used_up()) walk.begin(random, sizes->tokens[shard], length);
      drawn.push_back({sizes->starts[shard] + walk.next(length), length});
    }
    random.shuffle(drawn);
    return drawn;
  }

  void state(Archive& archive) override {
    archive("batches", batches);
    random.state(archive, "random");
    for (size_t i = 0; i < walks.size(); ++i) walks[i].state(archive, "shard" + std::to_string(i));
  }

  std::vector<double> weights;  // by shard, 0 where it holds no sequence
};

CADDIE_PLUGIN(CoprimeStride, .summary = "Sequences of many shards in each batch, from far apart.",
              .source = "openai/parameter-golf, pull request 726");
