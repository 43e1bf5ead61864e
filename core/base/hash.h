// SPDX-License-Identifier: Apache-2.0
// Hashes: SHA-256 where a key or a file must be told apart for good, XXH3-128 for large data files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace caddie {

/// 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);
std::string sha256_file(const std::filesystem::path& path);

/// 32 lower-case hexadecimal digits.
std::string xxh3(std::string_view bytes);
std::string xxh3_file(const std::filesystem::path& path);

}  // namespace caddie
