// SPDX-License-Identifier: Apache-2.0
// Shards: files of uint16 token ids behind a 1024-byte header, and the one logical stream that several of
// them form.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"

namespace caddie {

/// One shard, mapped into memory. The header is 256 little-endian int32: magic 20240520, version 1, token
/// count, zeros; then the tokens as little-endian uint16.
class Shard {
 public:
  /// Throws Error naming the file, what is wrong with its header or size, and what would be right.
  explicit Shard(const std::filesystem::path& path);
  std::span<const uint16_t> tokens() const { return tokens_; }

 private:
  MappedFile file_;
  std::span<const uint16_t> tokens_;
};

/// Replaces `path` by a shard of these tokens. At most 2^31 - 1 tokens.
void write_shard(const std::filesystem::path& path, std::span<const uint16_t> tokens);

/// The first 1024 bytes of a shard that holds `count` tokens.
std::string shard_header(int64_t count);

/// The tokens of all shards that match a pattern, one shard after the other in the order of their paths'
/// bytes.
class TokenStream {
 public:
  /// `pattern` as in "data/prose/train_*.bin". Throws Error naming the pattern when no file matches it.
  explicit TokenStream(const std::string& pattern);

  int64_t size() const { return starts_.back(); }

  /// Writes tokens [begin, begin + count) to `out`; the range must lie in [0, size()]. Safe from several
  /// threads.
  void copy(int64_t begin, int64_t count, int32_t* out) const;

  const std::vector<std::filesystem::path>& files() const { return files_; }
  const std::string& pattern() const { return pattern_; }

  /// The tokens of one file.
  std::span<const uint16_t> tokens(size_t file) const { return shards_[file].tokens(); }

  /// The largest id in the stream, -1 when it is empty. The first call reads every token and must not run
  /// beside another call of this function.
  int max_id() const;

 private:
  std::string pattern_;
  std::vector<std::filesystem::path> files_;
  std::vector<Shard> shards_;
  std::vector<int64_t> starts_;  // of each shard, then the size of the stream
  static constexpr int kUnknown = -2;
  mutable int max_id_ = kUnknown;
};

}  // namespace caddie
