// SPDX-License-Identifier: Apache-2.0
// These functions find the folders in which sweeps and measurements of noise keep their results.
#pragma once

#include <filesystem>
#include <string>

namespace caddie {

/// Tells whether two paths lead to the same file, which need not exist.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Tells whether what the user names is the file that describes a sweep, and not the folder of one.
bool is_sweep_file(const std::filesystem::path& file);

/// Returns the folder of a sweep that was begun. What is named may be that folder, its plan.json, the sweep
/// file, or the name of a folder in results/. Throws Error (kUsage) when it is none of these.
std::filesystem::path sweep_folder(const std::string& named);

/// Returns where caddie noise keeps the runs of an experiment: in results/noise, under the name of its file,
/// to which digits of a hash of its path are added where that folder holds the runs of another file.
std::filesystem::path noise_folder(const std::filesystem::path& experiment);

}  // namespace caddie
