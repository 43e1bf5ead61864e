// SPDX-License-Identifier: Apache-2.0
// Draws sequences from places of the text that lie evenly at random, one independent of the other.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>

#include <string>
using namespace caddie;

struct NewPlugin final : Sampler {
  int64_t align = 1;
  int64_t drawn = 0;   // the sequences so far, which say where the random numbers stand
  int64_t tokens = 0;  // those of the whole text
  uint64_t seed = 0;
  int ranks = 1;

  void settings(Settings& s) override {
    s("align", align, "sequences begin at multiples of so many tokens", between(1, 1 << 20));
  }
  void begin(const Sampling& sampling) override {
    drawn = tokens = 0;
    seed = sampling.seed;
    ranks = sampling.ranks;
    for (size_t shard = 0; shard < sampling.text.shards(); ++shard)
      tokens += int64_t(sampling.text.tokens(shard).size());
    check(tokens > sampling.part.length, "the text has {} tokens; wanted more than a sequence of {}", tokens,
          sampling.part.length);
  }
  std::vector<Sequence> next(const BatchSize& part) override {
    std::vector<Sequence> all;
    auto places = uint64_t((tokens - part.length - 1) / align + 1);
    for (int64_t i = 0; i < ranks * part.tokens / part.length; ++i) {
      Rng rng(seed, "new_plugin/" + std::to_string(drawn++));
      all.push_back({int64_t(rng.below(places)) * align, part.length});
    }
    return all;
  }
  void state(Archive& a) override { a("drawn", drawn); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Sequences from random places.", .source = "fill in");
