// SPDX-License-Identifier: Apache-2.0
// Cuts shards into sequences of one length, for samplers that draw these in a random order.
#pragma once

#include <caddie/pcg64.h>
#include <caddie/plugin.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

/// Returns how many sequences of `length` tokens, each with a target behind its last one, fit into so many
/// tokens.
inline int64_t blocks_in(int64_t tokens, int64_t length) { return std::max<int64_t>(0, tokens - 1) / length; }

/// Draws the place in a shard where its first sequence begins, below `length` and such that one sequence fits
/// behind it.
inline int64_t draw_phase(caddie::Pcg64& random, int64_t tokens, int64_t length) {
  int64_t latest = std::min(length - 1, std::max<int64_t>(0, tokens - length - 1));
  return random.below(latest + 1);
}

/// Throws Error unless some of the shards that are known holds a sequence of `length` tokens.
inline void check_some_block(std::span<const int64_t> shards, int64_t length) {
  bool any = std::any_of(shards.begin(), shards.end(), [&](int64_t n) { return blocks_in(n, length) > 0; });
  caddie::check(shards.empty() || any,
                "no training shard holds {} tokens, which are a sequence of {} and its last target",
                length + 1, length);
}

/// Holds where shards begin in the stream, and how many tokens they have.
struct ShardSizes {
  std::vector<int64_t> starts, tokens;

  explicit ShardSizes(const caddie::TrainingText& text) {
    int64_t start = 0;
    for (size_t shard = 0; shard < text.shards(); ++shard, start += tokens.back()) {
      starts.push_back(start);
      tokens.push_back(int64_t(text.tokens(shard).size()));
    }
  }
};

/// Shows an archive a list of numbers, whose length may change.
inline void show_list(caddie::Archive& archive, const std::string& name, std::vector<int64_t>& list) {
  auto count = int64_t(list.size());
  archive((name + ".count").c_str(), count);
  list.resize(size_t(count));
  for (size_t i = 0; i < list.size(); ++i) archive((name + "." + std::to_string(i)).c_str(), list[i]);
}
