// SPDX-License-Identifier: Apache-2.0
// Writes one split as a series of shards, none of which it holds in memory.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace caddie {

/// Describes one written shard.
struct ShardFile {
  std::string name;
  int64_t tokens = 0;
  std::string hash;  // the file's XXH3-128
};

/// Writes the files <folder>/<split>_000000.bin, _000001.bin, ...; all but the last hold `shard_tokens`
/// tokens.
class ShardWriter {
 public:
  /// Throws Error unless shard_tokens lies in 1 .. 2^31 - 1.
  ShardWriter(std::filesystem::path folder, std::string split, int64_t shard_tokens);

  /// Throws Error naming the file when it cannot be written.
  void append(std::span<const uint16_t> tokens);

  /// Completes the last shard and returns what was written. Nothing may be appended afterwards.
  std::vector<ShardFile> finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path() const { return folder_ / shards_.back().name; }
  void open();
  void close();
  void write(const void* bytes, size_t size);

  std::filesystem::path folder_;
  std::string split_;
  int64_t shard_tokens_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<ShardFile> shards_;
};

}  // namespace caddie
