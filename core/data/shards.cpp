// SPDX-License-Identifier: Apache-2.0
// Checks and maps shards, and copies ranges of tokens that may cross from one shard into the next.
#include "data/shards.h"

#include <caddie/error.h>
#include <caddie/parallel.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/files.h"

namespace caddie {
namespace {

static_assert(std::endian::native == std::endian::little, "shards are mapped as they lie on disk");

constexpr int32_t kMagic = 20240520;
constexpr int32_t kVersion = 1;
constexpr size_t kHeaderBytes = 256 * sizeof(int32_t);

std::vector<std::filesystem::path> shards_matching(const std::string& pattern) {
  std::vector<std::filesystem::path> files = files_matching(pattern);
  std::erase_if(files, is_sidecar);
  check(
      !files.empty(),
      "data: no shard matches \"{}\"{}; give a pattern such as data/prose/train_*.bin, and make shards with "
      "'caddie data prepare'",
      pattern, why_nothing_matches(pattern));
  for (const std::filesystem::path& file : files)
    check(!std::filesystem::is_directory(file),
          "{}: a folder, no shard; name the files in it, as in \"{}/train_*.bin\"", file.string(), pattern);
  return files;
}

}  // namespace

Shard::Shard(const std::filesystem::path& path) : file_(path) {
  std::span<const std::byte> bytes = file_.bytes();
  check(bytes.size() >= kHeaderBytes, "{}: {} bytes are too few for a shard, whose header alone has {}",
        path.string(), bytes.size(), kHeaderBytes);
  int32_t header[3];
  std::memcpy(header, bytes.data(), sizeof header);
  check(header[0] == kMagic, "{}: not a shard, for it begins with the number {}; a shard begins with {}",
        path.string(), header[0], kMagic);
  check(header[1] == kVersion, "{}: shard version {}; only version {} can be read", path.string(), header[1],
        kVersion);
  check(header[2] >= 0, "{}: the header counts {} tokens; it must be 0 or more", path.string(), header[2]);
  size_t wanted = kHeaderBytes + size_t(header[2]) * sizeof(uint16_t);
  check(bytes.size() == wanted, "{}: {}: {} bytes, but the {} tokens that its header counts need {}",
        path.string(), bytes.size() < wanted ? "truncated" : "too long", bytes.size(), header[2], wanted);
  tokens_ = {reinterpret_cast<const uint16_t*>(bytes.data() + kHeaderBytes), size_t(header[2])};
}

std::string shard_header(int64_t count) {
  check(count >= 0 && count <= std::numeric_limits<int32_t>::max(),
        "shard: {} tokens do not fit in one shard; at most 2147483647", count);
  const int32_t words[3] = {kMagic, kVersion, int32_t(count)};
  std::string header(kHeaderBytes, '\0');
  std::memcpy(header.data(), words, sizeof words);
  return header;
}

bool is_sidecar(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  size_t end = name.rfind('_');
  return end != name.npos && name.substr(0, end).ends_with(kSidecar);
}

std::filesystem::path sidecar_of(const std::filesystem::path& shard) {
  std::string name = shard.filename().string();
  return shard.parent_path() / name.insert(std::min(name.rfind('_'), name.size()), kSidecar);
}

void write_shard(const std::filesystem::path& path, std::span<const uint16_t> tokens) {
  std::string bytes = shard_header(int64_t(tokens.size()));
  bytes.append(reinterpret_cast<const char*>(tokens.data()), tokens.size_bytes());
  write_file(path, bytes);
}

TokenStream::TokenStream(const std::string& pattern)
    : pattern_(pattern), files_(shards_matching(pattern)), starts_{0} {
  for (const auto& file : files_) {
    shards_.emplace_back(file);
    starts_.push_back(starts_.back() + int64_t(shards_.back().tokens().size()));
  }
}

void TokenStream::copy(int64_t begin, int64_t count, int32_t* out) const {
  check(begin >= 0 && count >= 0 && count <= size() - begin,
        "{}: tokens {} to {} are wanted of a stream of {}", pattern_, begin, begin + count, size());
  size_t shard = size_t(std::upper_bound(starts_.begin(), starts_.end(), begin) - starts_.begin()) - 1;
  for (int64_t done = 0; done < count; ++shard) {
    std::span<const uint16_t> tokens = shards_[shard].tokens().subspan(size_t(begin + done - starts_[shard]));
    size_t taken = std::min(tokens.size(), size_t(count - done));
    std::copy_n(tokens.begin(), taken, out + done);
    done += int64_t(taken);
  }
}

std::vector<std::filesystem::path> TokenStream::files_with_sidecars() const {
  std::vector<std::filesystem::path> all;
  for (const std::filesystem::path& file : files_) {
    all.push_back(file);
    if (std::filesystem::exists(sidecar_of(file))) all.push_back(sidecar_of(file));
  }
  return all;
}

int TokenStream::max_id() const {
  if (max_id_ == kUnknown) {
    std::vector<int> largest(shards_.size(), -1);
    parallel_for(int(shards_.size()), [&](int i) {
      int id = -1;
      for (uint16_t token : shards_[size_t(i)].tokens()) id = std::max(id, int(token));
      largest[size_t(i)] = id;
    });
    max_id_ = -1;
    for (int id : largest) max_id_ = std::max(max_id_, id);
  }
  return max_id_;
}

}  // namespace caddie
