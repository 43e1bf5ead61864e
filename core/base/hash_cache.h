// SPDX-License-Identifier: Apache-2.0
// Remembers the hashes of large files from one process to the next, so that the start of a run does not read
// gigabytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace caddie {

/// Hashes files with XXH3-128. A large file's hash is taken from the cache when its device, inode, size, and
/// times of change (to the nanosecond, of content and of inode) are those that it had. A program can set the
/// time of the content, but not that of the inode (ctime). A file that was changed less than two seconds ago
/// is not remembered, because a change right after would leave it the same times. A cache that is damaged or
/// cannot be written costs time and nothing else.
class HashCache {
 public:
  /// Files of fewer bytes than `large` are hashed each time, which takes milliseconds.
  explicit HashCache(std::filesystem::path folder, int64_t large = int64_t(64) << 20);

  /// Returns $XDG_CACHE_HOME/caddie/hashes, or ~/.cache/caddie/hashes without that variable; "" when neither
  /// is known.
  static std::filesystem::path usual_folder();

  /// Returns xxh3_file(path). Throws Error naming the file when it cannot be read, or changes meanwhile.
  std::string xxh3(const std::filesystem::path& path) const;

 private:
  std::filesystem::path folder_;
  int64_t large_;
};

}  // namespace caddie
