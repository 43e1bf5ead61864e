// SPDX-License-Identifier: Apache-2.0
// Keeps one entry for each large file, named by device and inode: the identity of the file, its hash, and a
// hash of both.
#include "base/hash_cache.h"

#include <caddie/error.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/files.h"
#include "base/hash.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr time_t kSettled = 2;  // A file is settled once it is unchanged for more than so many seconds.

struct stat status_of(const fs::path& path) {
  struct stat status = {};
  check(::stat(path.c_str(), &status) == 0, "{}: cannot look at it: {}", path.string(), std::strerror(errno));
  return status;
}

/// Returns a text that only this file in its present state has: its device, inode, size and times of change.
std::string identity_of(const struct stat& s) {
  return fmt::format("{} {} {} {}.{:09} {}.{:09} ", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                     s.st_mtim.tv_nsec, s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
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
  struct stat status = status_of(path);
  if (folder_.empty() || status.st_size < large_) return xxh3_file(path);
  std::string identity = identity_of(status);
  fs::path entry = folder_ / fmt::format("{}-{}", status.st_dev, status.st_ino);
  if (std::string known = hash_in(read_or_nothing(entry), identity); !known.empty()) return known;
  std::string hash = xxh3_file(path);
  check(identity_of(status_of(path)) == identity, "{}: changes while it is read", path.string());
  if (std::max(status.st_mtim.tv_sec, status.st_ctim.tv_sec) + kSettled < std::time(nullptr)) {
    try {
      write_file(entry, identity + hash + caddie::xxh3(identity + hash));
    } catch (const Error&) {  // The next process hashes the file once more.
    }
  }
  return hash;
}

}  // namespace caddie
