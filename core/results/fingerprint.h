// SPDX-License-Identifier: Apache-2.0
// The engine, the data and other files that a run depends on are hashed here, each once in a process, and
// watched for changes from then on.
#pragma once

#include <filesystem>
#include <string>

#include "base/engine_file.h"

namespace caddie {

class TokenStream;

/// Returns the SHA-256 of the library that this code is part of, in hexadecimal.
const std::string& engine_hash();

/// Returns a hash of the names and the bytes of the shards that match a pattern and of their byte sidecars.
/// Throws Error when there are none, and Error (kUsage) naming the shard when its bytes are not those that
/// `caddie data prepare` left, or its byte sidecar is missing.
const std::string& data_hash(const std::string& pattern);

/// Returns the SHA-256 of a file, which must not change while the program runs.
const std::string& file_hash(const std::filesystem::path& path);

/// Throws Error naming the first shard of the stream that was changed or replaced since data_hash() was first
/// asked for its pattern, and Error naming the pattern when it matched other shards then. What was read of
/// the stream before a call that returns is what was hashed.
void check_still_hashed(const TokenStream& stream);

/// Throws Error naming the file when it was changed or replaced since file_hash() was first asked for it.
void check_still_hashed(const std::filesystem::path& path);

}  // namespace caddie
