// SPDX-License-Identifier: Apache-2.0
// Hashes of the large things that a run depends on, taken once a process.
#pragma once

#include <filesystem>
#include <string>

namespace caddie {

/// The library that this code is part of.
std::filesystem::path engine_file();

/// The SHA-256 of that library.
const std::string& engine_hash();

/// Of the shards that match a pattern: of the manifest that whoever prepared them left beside them, otherwise
/// of the shards themselves. Throws Error when there are none.
const std::string& data_hash(const std::string& pattern);

/// SHA-256 of a file that does not change while the program runs.
const std::string& file_hash(const std::filesystem::path& path);

}  // namespace caddie
