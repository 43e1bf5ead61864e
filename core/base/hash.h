// SPDX-License-Identifier: Apache-2.0
// Computes hashes of bytes and files: SHA-256 where two contents must never share a hash, and XXH3-128, which
// is far faster, for large files and for finding damage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace caddie {

/// Returns the SHA-256 hash as 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);
/// Returns the SHA-256 hash of a file's content. Throws Error naming the file when it cannot be read.
std::string sha256_file(const std::filesystem::path& path);

/// An XXH3-128 hash has this many hexadecimal digits.
inline constexpr size_t kXxh3Digits = 32;

/// Returns the XXH3-128 hash as 32 lower-case hexadecimal digits.
std::string xxh3(std::string_view bytes);
/// Returns the XXH3-128 hash of a file's content. Throws Error naming the file when it cannot be read.
std::string xxh3_file(const std::filesystem::path& path);

}  // namespace caddie
