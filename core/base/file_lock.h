// SPDX-License-Identifier: Apache-2.0
// Defines locks between processes, each of which is held on a file or a folder.
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

  /// Returns the first 4,096 bytes of the locked file; "" when it cannot be read.
  std::string text() const;
  /// Replaces the whole text of the locked file. A failure is ignored, as on a full disk: the text only
  /// informs others.
  void replace_text(std::string_view text) const;
  /// Removes the locked file, unless another one took its place.
  void remove_file(const std::filesystem::path& file) const;
  /// Lets processes that are started from now on hold the lock as well, even after this object is gone.
  void let_children_inherit() const;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  static int open(const std::filesystem::path& file);
  int descriptor_;
};

}  // namespace caddie
