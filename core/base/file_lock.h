// SPDX-License-Identifier: Apache-2.0
// Defines locks between processes, which are kept in files.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

namespace caddie {

/// Locks a file until the process that holds the lock ends, however it ends. A child process inherits the
/// lock when `inherit`.
class FileLock {
 public:
  /// Locks the file or folder, and creates a file where there is nothing. Returns nothing when another
  /// process holds the lock. Throws Error when the file cannot be opened or locked.
  static std::optional<FileLock> take(const std::filesystem::path& file, bool inherit = false);
  /// Returns whether a process holds the lock; false when the file is not there.
  static bool is_held(const std::filesystem::path& file);

  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace caddie
