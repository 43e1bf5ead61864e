// SPDX-License-Identifier: Apache-2.0
// A process that works on a folder of a run, of a sweep or of a stage claims it, so that no other one does.
// The claim is a file "lock" in the folder, locked, which says whose it is:
//
//   {"host": "box", "process": 123, "since": "2026-01-31T12:00:00Z", "command": "caddie run a.toml"}
//
// A process that ends in good order removes the file. A file that is left, and whose lock nobody holds, shows
// that its process was killed.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_lock.h"

namespace caddie {

/// Names the file of the claim.
inline constexpr std::string_view kClaimFile = "lock";

/// Holds the claim of one folder until the object or the process ends.
class FolderClaim {
 public:
  /// Claims the folder, which must exist. A claim that the parent process handed over becomes this one's.
  /// Returns nothing while another process has the folder. Throws Error when the file cannot be opened or is
  /// not Caddie's.
  static std::optional<FolderClaim> take(const std::filesystem::path& folder);
  /// Claims the folder as soon as nobody has it. `waiting` is called now and then; it may throw to give up.
  static FolderClaim wait_for(const std::filesystem::path& folder, const std::function<void()>& waiting);
  /// Claims the folder. Throws Error (kUsage) when another process has it, which says who and then `remedy`.
  static FolderClaim take_or_refuse(const std::filesystem::path& folder, std::string_view remedy);

  FolderClaim(FolderClaim&&) noexcept = default;
  FolderClaim& operator=(FolderClaim&&) = delete;
  ~FolderClaim();

  /// Leaves the claim to the child processes that are started while the object lives, which take() it, and to
  /// nobody else. Another claim of the same folder in this process would take it too.
  void hand_over();

 private:
  FolderClaim(FileLock lock, std::filesystem::path file);
  FileLock lock_;
  std::filesystem::path file_;
  bool handed_over_ = false;
};

/// Tells whether a process has the folder.
bool is_claimed(const std::filesystem::path& folder);
/// Tells whether a process that had the folder was killed. Only ask where is_claimed() says no.
bool was_left_behind(const std::filesystem::path& folder);
/// Returns who has a folder that is_claimed(), as in "process 123 on box has been at work on it since
/// 2026-01-31T12:00:00Z (caddie run a.toml)".
std::string holder_of(const std::filesystem::path& folder);
/// Throws Error (kUsage) when a process has the folder, which says who and then `remedy`.
void check_unclaimed(const std::filesystem::path& folder, std::string_view remedy);

}  // namespace caddie
