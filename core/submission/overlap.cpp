// SPDX-License-Identifier: Apache-2.0
// A rolling hash of the training text is looked up in a filter, then in the table of what was sampled, and
// the tokens themselves decide. Shards are gone through side by side.
#include "submission/overlap.h"

#include <caddie/error.h>
#include <caddie/parallel.h>
#include <caddie/random.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>
#include <unordered_map>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"

namespace caddie {
namespace {

using NGram = std::span<const uint16_t>;

constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;  // odd, so that it has an inverse modulo 2^64

/// Returns the sum of token i times kMultiplier to the power n - 1 - i, where each token counts from 1.
uint64_t hash_of(NGram tokens) {
  uint64_t hash = 0;
  for (uint16_t token : tokens) hash = hash * kMultiplier + token + 1;
  return hash;
}

/// Tells whether the tokens are too much alike to be text.
bool is_monotonous(NGram tokens) {
  std::vector<uint16_t> distinct(tokens.begin(), tokens.end());
  std::sort(distinct.begin(), distinct.end());
  return std::unique(distinct.begin(), distinct.end()) - distinct.begin() <= 2;
}

/// Holds the n-grams that are looked for.
class Sampled {
 public:
  Sampled(const TokenStream& validation, const OverlapSearch& search) : length_(search.ngram_tokens) {
    std::vector<int64_t> ends = {0};  // of the places where an n-gram of each shard may begin
    for (size_t i = 0; i < validation.shards(); ++i)
      ends.push_back(ends.back() + std::max<int64_t>(0, int64_t(validation.tokens(i).size()) - length_ + 1));
    check(ends.back() > 0, "{}: is shorter than an n-gram of {} tokens", validation.pattern(), length_);
    bool all = ends.back() <= search.samples;
    Rng rng(search.seed, "overlap");
    for (int64_t k = 0; k < std::min(ends.back(), search.samples); ++k) {
      int64_t place = all ? k : int64_t(rng.below(uint64_t(ends.back())));
      size_t shard = size_t(std::upper_bound(ends.begin(), ends.end(), place) - ends.begin()) - 1;
      add(validation.tokens(shard).subspan(size_t(place - ends[shard]), size_t(length_)));
    }
    fill_filter();
  }

  int64_t size() const { return int64_t(grams_.size()); }

  /// Tells whether an n-gram of this hash may be among them.
  bool may_hold(uint64_t hash) const {
    uint64_t bit = hash * kMultiplier >> shift_;
    return filter_[bit / 64] >> bit % 64 & 1;
  }
  /// Returns the number of the n-gram, or -1 when it is not among them.
  int64_t find(uint64_t hash, NGram tokens) const {
    auto [begin, end] = by_hash_.equal_range(hash);
    for (auto at = begin; at != end; ++at)
      if (std::equal(tokens.begin(), tokens.end(), grams_[at->second].begin())) return int64_t(at->second);
    return -1;
  }

 private:
  void add(NGram tokens) {
    uint64_t hash = hash_of(tokens);
    if (is_monotonous(tokens) || find(hash, tokens) >= 0) return;
    by_hash_.emplace(hash, grams_.size());
    grams_.push_back(tokens);
  }

  void fill_filter() {
    constexpr uint64_t kBitsASample = 32;
    uint64_t bits = std::bit_ceil(std::max<uint64_t>(64, uint64_t(grams_.size()) * kBitsASample));
    shift_ = 64 - std::countr_zero(bits);
    filter_.assign(bits / 64, 0);
    for (const auto& [hash, number] : by_hash_) {
      uint64_t bit = hash * kMultiplier >> shift_;
      filter_[bit / 64] |= uint64_t(1) << bit % 64;
    }
  }

  int64_t length_;
  std::vector<NGram> grams_;  // in the memory of the validation shards
  std::unordered_multimap<uint64_t, size_t> by_hash_;
  std::vector<uint64_t> filter_;
  int shift_ = 0;
};

constexpr int64_t kNowhere = std::numeric_limits<int64_t>::max();

/// Marks which n-grams are in a shard, and returns the first place of one; kNowhere when there is none.
int64_t search_shard(NGram text, int64_t length, const Sampled& sampled,
                     std::vector<std::atomic<bool>>& found) {
  if (int64_t(text.size()) < length) return kNowhere;
  uint64_t power = 1;  // of the token that leaves
  for (int64_t i = 1; i < length; ++i) power *= kMultiplier;
  uint64_t hash = hash_of(text.first(size_t(length)));
  int64_t first = kNowhere, last = int64_t(text.size()) - length;
  for (int64_t at = 0;; ++at) {
    if (sampled.may_hold(hash)) {
      int64_t number = sampled.find(hash, text.subspan(size_t(at), size_t(length)));
      if (number >= 0) {
        found[size_t(number)].store(true, std::memory_order_relaxed);
        first = std::min(first, at);
      }
    }
    if (at == last) return first;
    hash = (hash - (text[size_t(at)] + uint64_t(1)) * power) * kMultiplier + text[size_t(at + length)] + 1;
  }
}

}  // namespace

Overlap find_overlap(const TokenStream& train, const TokenStream& validation, const OverlapSearch& search) {
  Sampled sampled(validation, search);
  std::vector<std::atomic<bool>> found(size_t(sampled.size()));
  std::vector<int64_t> first(train.shards(), kNowhere);
  parallel_for(int(train.shards()), [&](int i) {
    first[size_t(i)] = search_shard(train.tokens(size_t(i)), search.ngram_tokens, sampled, found);
  });
  Overlap overlap;
  overlap.samples = sampled.size();
  overlap.ngram_tokens = search.ngram_tokens;
  overlap.train_tokens = train.size();
  overlap.validation_tokens = validation.size();
  overlap.train = train.pattern();
  overlap.validation = validation.pattern();
  overlap.found = std::count_if(found.begin(), found.end(), [](const auto& hit) { return hit.load(); });
  auto hit = std::find_if(first.begin(), first.end(), [](int64_t place) { return place != kNowhere; });
  if (hit != first.end())
    overlap.first = message("{}:{}", {train.files()[size_t(hit - first.begin())].filename().string(), *hit});
  return overlap;
}

DataPatterns patterns_in(const std::filesystem::path& folder) {
  constexpr std::string_view kTrain = "*train_*.bin", kValidation = "*val_*.bin";
  auto has = [&](std::string_view pattern) {
    for (const auto& entry : entries_of(folder))
      if (matches(pattern, entry.path().filename().string()) && !is_sidecar(entry.path())) return true;
    return false;
  };
  for (std::string_view pattern : {kTrain, kValidation})
    if (!has(pattern))
      fail_usage("--data {}: holds no {}; wanted a folder with shards of both splits", folder.string(),
                 pattern);
  return {(folder / kTrain).string(), (folder / kValidation).string()};
}

}  // namespace caddie
