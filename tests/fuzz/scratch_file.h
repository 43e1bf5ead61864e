// SPDX-License-Identifier: Apache-2.0
// Readers that take a path are given the bytes as a file.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

#include "fuzz/target.h"
#include "support/temporary_folder.h"

namespace caddie::fuzz {

/// Returns the folder in which all targets of this program put their files.
inline const std::filesystem::path& scratch_folder() {
  static const TemporaryFolder folder;
  return folder.path();
}

/// Replaces the file `name` of the folder by these bytes and returns its path. No reader is at work on it, so
/// that it need not be replaced in one step, which would take most of the time.
inline std::filesystem::path scratch_file(const char* name, std::string_view bytes) {
  std::filesystem::path path = scratch_folder() / name;
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  require(file.good());
  return path;
}

}  // namespace caddie::fuzz
