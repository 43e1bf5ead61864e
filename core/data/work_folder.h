// SPDX-License-Identifier: Apache-2.0
// Makes a folder that appears under its name only when it is complete.
#pragma once

#include <filesystem>
#include <optional>

#include "base/file_lock.h"

namespace caddie {

/// Holds the folder "<target>.partial" for work in progress. One process at a time may hold it; what a killed
/// process left there is removed.
class WorkFolder {
 public:
  /// Throws Error when another process works on the same target, when the folder is there and is not
  /// Caddie's, or when it cannot be made.
  explicit WorkFolder(const std::filesystem::path& target);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Renames the folder to the target, or to what that links to, which must not exist or be empty.
  void publish();

 private:
  std::filesystem::path target_, path_;
  std::optional<FileLock> lock_;
  bool published_ = false;
};

}  // namespace caddie
