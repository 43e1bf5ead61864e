// SPDX-License-Identifier: Apache-2.0
// The identity of a file is what stat() says of it.
#include "base/file_identity.h"

#include <caddie/error.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace caddie {
namespace {

int64_t nanoseconds_of(const timespec& time) { return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec; }

}  // namespace

FileIdentity identity_of(const std::filesystem::path& file) {
  struct stat s = {};
  check(::stat(file.c_str(), &s) == 0, "{}: cannot look at it: {}", file.string(), std::strerror(errno));
  return {s.st_dev, s.st_ino, s.st_size, nanoseconds_of(s.st_mtim), nanoseconds_of(s.st_ctim)};
}

void check_unchanged(const std::filesystem::path& file, const FileIdentity& before,
                     const std::function<bool()>& has_same_bytes) {
  FileIdentity now = identity_of(file), as_before = now;
  as_before.inode_changed = before.inode_changed;
  bool same = now == before || (as_before == before && has_same_bytes());
  check(same,
        "{}: was changed while it was in use; leave it alone until the command has ended, and start it again",
        file.string());
}

}  // namespace caddie
