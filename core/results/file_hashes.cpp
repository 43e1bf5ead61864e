// SPDX-License-Identifier: Apache-2.0
// A file is unchanged when its size and its XXH3 hash are those that were noted.
#include "results/file_hashes.h"

#include "base/hash.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

FileHash hash_of(const fs::path& file) { return {int64_t(fs::file_size(file)), xxh3_file(file)}; }

}  // namespace

FileHashes hashes_of(const fs::path& folder, std::span<const std::string> names) {
  FileHashes hashes;
  for (const std::string& name : names) hashes.emplace_back(name, hash_of(folder / name));
  return hashes;
}

std::string difference_from(const FileHashes& hashes, const fs::path& folder) {
  for (const auto& [name, wanted] : hashes) {
    fs::path file = folder / name;
    if (!fs::is_regular_file(file)) return file.string() + " is missing";
    FileHash found = hash_of(file);
    if (found.bytes != wanted.bytes || found.xxh3 != wanted.xxh3)
      return file.string() + " was changed after it was written";
  }
  return "";
}

}  // namespace caddie
