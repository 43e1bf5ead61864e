// SPDX-License-Identifier: Apache-2.0
// Defines locks between processes, which are kept in files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace caddie {

/// Locks a file until the object or the process that holds the lock ends, however it ends.
class FileLock {
 public:
  /// Locks the file or folder, and creates a file where there is nothing. A lock that the parent process let
  /// this one inherit is taken over. Returns nothing when another process holds the lock. Throws Error when
  /// the file cannot be opened or locked.
  static std::optional<FileLock> take(const std::filesystem::path& file);
  /// Returns whether a process holds the lock; false when the file is not there.
  static bool is_held(const std::filesystem::path& file);

  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

  /// Returns what the locked file holds, or replaces it. The disk may be full: nobody waits for the text.
  std::string text() const;
  void replace_text(std::string_view text) const;
  /// Removes the locked file, unless another one took its place.
  void remove_file(const std::filesystem::path& file) const;
  /// Lets processes that are started from here on hold the lock too, after this object is gone.
  void let_children_inherit() const;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  static int open(const std::filesystem::path& file);
  int descriptor_;
};

}  // namespace caddie
