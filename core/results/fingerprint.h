// SPDX-License-Identifier: Apache-2.0
// The engine, the data and other files that a run depends on are hashed here, each once in a process.
#pragma once

#include <filesystem>
#include <string>

namespace caddie {

/// Returns the path of the library that this code is part of.
std::filesystem::path engine_file();

/// Returns the SHA-256 of the library that this code is part of, in hexadecimal.
const std::string& engine_hash();

/// Returns a hash of the names and the bytes of the shards that match a pattern. Throws Error when there are
/// none, and Error (kUsage) naming the shard when its bytes are not those that `caddie data prepare` left.
const std::string& data_hash(const std::string& pattern);

/// Returns the SHA-256 of a file, which must not change while the program runs.
const std::string& file_hash(const std::filesystem::path& path);

}  // namespace caddie
