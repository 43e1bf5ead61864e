// SPDX-License-Identifier: Apache-2.0
// Writes tokens as they come. A full shard gets its header again, which then holds the count.
#include "data/shard_writer.h"

#include <caddie/error.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "base/hash.h"
#include "data/shards.h"

namespace caddie {

ShardWriter::ShardWriter(std::filesystem::path folder, std::string split, int64_t shard_tokens)
    : folder_(std::move(folder)), split_(std::move(split)), shard_tokens_(shard_tokens) {
  check(shard_tokens > 0 && shard_tokens <= std::numeric_limits<int32_t>::max(),
        "data: shards of {} tokens; a shard holds 1 to 2147483647", shard_tokens);
}

void ShardWriter::append(std::span<const uint16_t> tokens) {
  while (!tokens.empty()) {
    if (!file_) open();
    size_t room = size_t(shard_tokens_ - shards_.back().tokens);
    std::span<const uint16_t> fitting = tokens.first(std::min(room, tokens.size()));
    write(fitting.data(), fitting.size_bytes());
    shards_.back().tokens += int64_t(fitting.size());
    if (shards_.back().tokens == shard_tokens_) close();
    tokens = tokens.subspan(fitting.size());
  }
}

std::vector<ShardFile> ShardWriter::finish() {
  if (file_) close();
  return std::move(shards_);
}

void ShardWriter::open() {
  shards_.push_back({.name = fmt::format("{}_{:06}.bin", split_, shards_.size()), .tokens = 0, .hash = ""});
  file_.reset(std::fopen(path().c_str(), "wbe"));
  check(file_ != nullptr, "{}: cannot write it: {}", path().string(), std::strerror(errno));
  std::string header = shard_header(0);
  write(header.data(), header.size());
}

void ShardWriter::close() {
  std::string header = shard_header(shards_.back().tokens);
  bool rewound = std::fseek(file_.get(), 0, SEEK_SET) == 0;
  write(header.data(), header.size());
  bool flushed = std::fflush(file_.get()) == 0 && ::fsync(::fileno(file_.get())) == 0;
  check(rewound && flushed, "{}: cannot write it: {}", path().string(), std::strerror(errno));
  file_.reset();
  shards_.back().hash = xxh3_file(path());
}

void ShardWriter::write(const void* bytes, size_t size) {
  check(std::fwrite(bytes, 1, size, file_.get()) == size, "{}: cannot write it: {}", path().string(),
        std::strerror(errno));
}

}  // namespace caddie
