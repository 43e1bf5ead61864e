// SPDX-License-Identifier: Apache-2.0
// Tells whether a file is still what it was, without reading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace caddie {

/// Differs between any two files, and between two states of one file: device, inode, size, and the times of
/// change of content and inode in nanoseconds since 1970. A program can set the time of the content, but not
/// that of the inode.
struct FileIdentity {
  uint64_t device = 0, inode = 0;
  int64_t bytes = 0, content_changed = 0, inode_changed = 0;

  bool operator==(const FileIdentity&) const = default;
};

/// Throws Error naming the file when it cannot be looked at.
FileIdentity identity_of(const std::filesystem::path& file);

/// Throws Error naming the file when it is gone, another one, or was written to since it had the identity
/// `before`. Where only its inode changed (it got other rights, another name, or times that were set)
/// `has_same_bytes` decides, which reads the file.
void check_unchanged(const std::filesystem::path& file, const FileIdentity& before,
                     const std::function<bool()>& has_same_bytes);

}  // namespace caddie
