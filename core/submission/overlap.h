// SPDX-License-Identifier: Apache-2.0
// Validation text that is also training text is found by exact matches of sampled n-grams of tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/shards.h"

namespace caddie {

/// Says how to look.
struct OverlapSearch {
  int64_t ngram_tokens = 64, samples = 20000;
  uint64_t seed = 1;
};

/// Holds what was found.
struct Overlap {
  int64_t samples = 0, found = 0;  // the distinct n-grams that were looked for, and those that are there
  int64_t ngram_tokens = 0;
  int64_t train_tokens = 0, validation_tokens = 0;
  std::string train, validation;  // the patterns of the shards
  std::string first;              // where the first match is: "train_000003.bin:1203"; "" without one
  bool is_recorded = false;       // whether the data are those that the runs read, by their hashes

  double share() const { return samples > 0 ? double(found) / double(samples) : 0; }
};

/// Draws n-grams from the validation text, each of which lies in one shard, and looks for each in the
/// training text. Equal n-grams are one; one that consists of two tokens or fewer, such as padding, is none.
/// The same text and seed give the same result. Time goes with the training text, memory with the samples.
/// Throws Error when the validation text is shorter than an n-gram.
Overlap find_overlap(const TokenStream& train, const TokenStream& validation, const OverlapSearch& search);

/// Holds the patterns of the shards of both splits.
struct DataPatterns {
  std::string train, validation;
};
/// Returns the patterns of the shards in a folder: *train_*.bin and *val_*.bin. Throws Error (kUsage) when
/// either is not there.
DataPatterns patterns_in(const std::filesystem::path& folder);

}  // namespace caddie
