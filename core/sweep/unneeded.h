// SPDX-License-Identifier: Apache-2.0
// This finds the stages of a store that nothing needs any more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/store_use.h"

namespace caddie {

struct UnneededStage {
  std::filesystem::path folder;
  int64_t bytes = 0;  // what deleting it frees: files that a run has too stay on the disk
};

struct StoreCleaning {
  std::vector<UnneededStage> unneeded;  // what may be deleted, by name
  std::vector<std::string> left;        // sentences, each of which names what stays though no run needs it
  std::optional<FolderClaim> claim;     // keeps runs from beginning to use the store
  int64_t bytes() const;
};

/// Finds the stages in `results`/store that no run below `results` came from and that no run of a plan there,
/// begun or not, would start from. What is no stage, or is not Caddie's, is left. Throws Error (kUsage) when
/// a process is at work on a run there, or on one that uses the store: what that one needs cannot be known.
StoreCleaning find_unneeded(const std::filesystem::path& results);

/// Deletes them. Those that a process is at work on are left and named.
void delete_unneeded(StoreCleaning& cleaning);

}  // namespace caddie
