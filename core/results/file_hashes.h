// SPDX-License-Identifier: Apache-2.0
// Hashes of files tell whether what a stage or a run left in its folder is still the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "results/json_fields.h"

namespace caddie {

/// Identifies the content of a file.
struct FileHash {
  int64_t bytes = 0;  // the size of the file
  std::string xxh3;   // the XXH3-128 of the content, in 32 hexadecimal digits

  template <class Fields>
  void fields(Fields& f) {
    f("bytes", bytes);
    f("xxh3", xxh3);
  }
};

using FileHashes = Labelled<FileHash>;

/// Visits the member `files` of a record: the hashes of the files that lie beside the record.
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
