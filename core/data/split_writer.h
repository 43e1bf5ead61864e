// SPDX-License-Identifier: Apache-2.0
// Writes the documents of one split, and counts what it holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/shard_writer.h"
#include "data/vocabulary.h"

namespace caddie {

/// Counts what one split holds. Its bytes are those of the text as the tokens spell it; where a transform
/// rewrote the text, those that the sidecars count, and in training those of the text itself.
struct PreparedSplit {
  int64_t documents = 0, tokens = 0, bytes = 0, shards = 0;
  int64_t unknown = 0;  // tokens that say only that the tokenizer cannot spell something; they have no bytes
  int64_t overcount = 0;  // the bytes that the tokens count beyond those of their text
};

/// Holds what was written of one split.
struct Encoded {
  PreparedSplit counts;
  std::vector<ShardFile> shards;
  std::vector<ShardFile> sidecars;  // one for each shard, or none
};

/// Appends documents to one split, the first token of each being the one that begins documents.
class SplitWriter {
 public:
  /// The vocabulary must outlive the writer.
  SplitWriter(const std::filesystem::path& folder, const std::string& name, int64_t shard_tokens,
              const Vocabulary& vocabulary);

  /// Appends a document whose bytes the vocabulary counts.
  void add(const std::vector<int32_t>& ids);
  /// Appends a document of transformed text, and to the byte sidecar the bytes of each of its tokens.
  void add(const std::vector<int32_t>& ids, const std::vector<uint16_t>& bytes);
  /// Appends a document of transformed text that had so many bytes, and gets no sidecar.
  void add(const std::vector<int32_t>& ids, int64_t bytes);

  /// Completes the last shard. Nothing may be added afterwards.
  Encoded finish();

 private:
  const Vocabulary& vocabulary_;
  ShardWriter shards_, sidecars_;
  PreparedSplit counts_;
};

}  // namespace caddie
