// SPDX-License-Identifier: Apache-2.0
// Computes hashes: SHA-256 where a key or a file must be told apart for good, XXH3-128 for large data files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace caddie {

/// Returns the hash as 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);
/// Returns the same hash of a file. Throws Error naming it when it cannot be read.
std::string sha256_file(const std::filesystem::path& path);

inline constexpr size_t kXxh3Digits = 32;

/// Returns the hash as 32 lower-case hexadecimal digits.
std::string xxh3(std::string_view bytes);
/// Returns the same hash of a file. Throws Error naming it when it cannot be read.
std::string xxh3_file(const std::filesystem::path& path);

}  // namespace caddie
