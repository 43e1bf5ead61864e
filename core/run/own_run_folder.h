// SPDX-License-Identifier: Apache-2.0
// A run writes into a folder of its own.
#pragma once

#include <filesystem>

namespace caddie {

inline constexpr const char* kPrivateStore = "stages";  // the run's own store, in its folder

/// Makes the folder of a run, or accepts one that is there. Throws Error (kUsage) when files that Caddie did
/// not make would be overwritten: in a folder without Caddie's mark, the record of a run shows that the files
/// are Caddie's.
std::filesystem::path own_run_folder(const std::filesystem::path& folder);

}  // namespace caddie
