// SPDX-License-Identifier: Apache-2.0
// Reads shards, which are files of uint16 token ids behind a 1024-byte header, and joins several of them to
// one logical stream.
#pragma once

#include <caddie/sampler.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"

namespace caddie {

/// Maps one shard into memory. The header is 256 little-endian int32: magic 20240520, version 1, token
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

/// Replaces `path` by a shard of these tokens. Throws Error when there are more than 2^31 - 1.
void write_shard(const std::filesystem::path& path, std::span<const uint16_t> tokens);

/// Returns the first 1024 bytes of a shard that holds `count` tokens. Throws Error when a shard cannot hold
/// so many.
std::string shard_header(int64_t count);

/// Stands in the names of byte sidecars, before the number.
inline constexpr std::string_view kSidecar = "_bytes";

/// Returns where the byte sidecar of a shard lies, a shard that holds bytes in place of ids: beside
/// val_000000.bin as val_bytes_000000.bin. The name needs no file.
std::filesystem::path sidecar_of(const std::filesystem::path& shard);

/// Tells whether a file is named as byte sidecars are.
bool is_sidecar(const std::filesystem::path& file);

/// Joins the tokens of all shards that match a pattern, one shard after the other in the order of their
/// paths' bytes. Byte sidecars that match it are passed over.
class TokenStream final : public TrainingText {
 public:
  /// `pattern` is such as "data/prose/train_*.bin". Throws Error naming the pattern when no file matches it.
  explicit TokenStream(const std::string& pattern);

  int64_t size() const { return starts_.back(); }

  /// Writes tokens [begin, begin + count) to `out`; throws Error unless the range lies in [0, size()].
  /// Several threads may call it at once.
  void copy(int64_t begin, int64_t count, int32_t* out) const;

  const std::vector<std::filesystem::path>& files() const { return files_; }
  const std::string& pattern() const { return pattern_; }
  /// Returns all files that its text depends on: the shards, each followed by its byte sidecar if it has one.
  std::vector<std::filesystem::path> files_with_sidecars() const;

  /// Returns the tokens of the file at this index of files().
  std::span<const uint16_t> tokens(size_t file) const override { return shards_[file].tokens(); }
  size_t shards() const override { return shards_.size(); }

  /// Returns the largest id in the stream, or -1 when it is empty. The first call reads every token and must
  /// not run beside another call of this function.
  int max_id() const;

 private:
  std::string pattern_;
  std::vector<std::filesystem::path> files_;
  std::vector<Shard> shards_;
  std::vector<int64_t> starts_;  // the start of each shard, then the size of the stream
  static constexpr int kUnknown = -2;
  mutable int max_id_ = kUnknown;
};

}  // namespace caddie
