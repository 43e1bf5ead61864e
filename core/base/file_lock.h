// SPDX-License-Identifier: Apache-2.0
// Locks between processes, kept in files.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

namespace caddie {

/// A file lock that ends with the process that holds it, however that ends. A child inherits it when
/// `inherit`.
class FileLock {
 public:
  /// Nothing when another process holds it. Creates the file. Throws Error when that fails.
  static std::optional<FileLock> take(const std::filesystem::path& file, bool inherit = false);
  /// Whether a process holds it; false when the file is not there.
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
