// SPDX-License-Identifier: Apache-2.0
// Keeps one entry for each large file, named by device and inode: the identity of the file, its hash, and a
// hash of both.
#include "base/hash_cache.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/file_identity.h"
#include "base/files.h"
#include "base/hash.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

// A file is settled once it is unchanged for more than so many nanoseconds.
constexpr int64_t kSettled = 2'000'000'000;

int64_t nanoseconds_now() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

/// Returns a text that only this file in its present state has.
std::string text_of(const FileIdentity& file) {
  return fmt::format("{} {} {} {} {} ", file.device, file.inode, file.bytes, file.content_changed,
                     file.inode_changed);
}

/// Returns the hash that an entry holds for the file; "" when the entry is damaged or of another state of the
/// file.
std::string hash_in(const std::string& entry, const std::string& identity) {
  if (entry.size() != identity.size() + 2 * kXxh3Digits || !entry.starts_with(identity)) return "";
  std::string known = entry.substr(0, identity.size() + kXxh3Digits);
  return entry.substr(known.size()) == xxh3(known) ? known.substr(identity.size()) : "";
}

/// Returns the content of a file, or "" when it cannot be read.
std::string read_or_nothing(const fs::path& file) {
  try {
    return fs::exists(file) ? read_file(file) : "";
  } catch (const std::exception&) {
    return "";
  }
}

}  // namespace

HashCache::HashCache(fs::path folder, int64_t large) : folder_(std::move(folder)), large_(large) {}

fs::path HashCache::usual_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/') return fs::path(cache) / "caddie/hashes";
  const char* home = std::getenv("HOME");
  return home && *home == '/' ? fs::path(home) / ".cache/caddie/hashes" : fs::path();
}

std::string HashCache::xxh3(const fs::path& path) const {
  FileIdentity before = identity_of(path);
  if (folder_.empty() || before.bytes < large_) return xxh3_file(path);
  std::string identity = text_of(before);
  fs::path entry = folder_ / fmt::format("{}-{}", before.device, before.inode);
  if (std::string known = hash_in(read_or_nothing(entry), identity); !known.empty()) return known;
  std::string hash = xxh3_file(path);
  check(identity_of(path) == before, "{}: changes while it is read", path.string());
  if (std::max(before.content_changed, before.inode_changed) + kSettled < nanoseconds_now()) {
    try {
      write_file(entry, identity + hash + caddie::xxh3(identity + hash));
    } catch (const Error&) {  // The next process hashes the file once more.
    }
  }
  return hash;
}

}  // namespace caddie
