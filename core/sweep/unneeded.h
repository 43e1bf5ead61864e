// SPDX-License-Identifier: Apache-2.0
// This finds the stages of a store that nothing needs any more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace caddie {

struct UnneededStage {
  std::filesystem::path folder;
  int64_t bytes = 0;  // what deleting it frees: files that a run has too stay on the disk
};

/// Returns the stages in `results`/store, by name, that no run below `results` came from and that no run of a
/// plan there, begun or not, would start from. Throws Error when a process is at work on a run there: what
/// that one needs cannot be known.
std::vector<UnneededStage> unneeded_stages(const std::filesystem::path& results);

}  // namespace caddie
