// SPDX-License-Identifier: Apache-2.0
// These functions find and delete the stages of a store that no run needs any more.
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
  int64_t bytes = 0;  // what deleting it frees, without the files that a run has too
};

/// Holds what may be deleted from a store, and what is left there.
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

/// Deletes the unneeded stages. Those that a process is at work on stay, and are named in `left`.
void delete_unneeded(StoreCleaning& cleaning);

}  // namespace caddie
