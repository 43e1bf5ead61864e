// SPDX-License-Identifier: Apache-2.0
// Tells whether the files of a stage or of a run still are what it left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "results/json_fields.h"

namespace caddie {

struct FileHash {
  int64_t bytes = 0;
  std::string xxh3;  // 32 hexadecimal digits

  template <class Fields>
  void fields(Fields& f) {
    f("bytes", bytes);
    f("xxh3", xxh3);
  }
};

using FileHashes = Labelled<FileHash>;

/// Is the member of a record that holds the hashes of the files beside it.
struct HashedFiles {
  FileHashes files;

  template <class Fields>
  void fields(Fields& f) {
    f.maybe("files", files);
  }
};

/// Returns the hashes of files in a folder by their names.
FileHashes hashes_of(const std::filesystem::path& folder, std::span<const std::string> names);

/// Returns what is wrong with the first of these files that is missing or has other bytes, in words that name
/// it, or "" when all are what they were.
std::string difference_from(const FileHashes& hashes, const std::filesystem::path& folder);

}  // namespace caddie
