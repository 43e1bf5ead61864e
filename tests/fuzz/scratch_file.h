// SPDX-License-Identifier: Apache-2.0
// Readers that take a path are given the bytes as a file in memory.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz/target.h"

namespace caddie::fuzz {

/// Returns a folder in memory that is removed when the process ends.
inline const std::filesystem::path& scratch_folder() {
  struct Folder {
    std::filesystem::path path = "/dev/shm/caddie-fuzz-" + std::to_string(::getpid());
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
  };
  static const Folder folder;
  return folder.path;
}

/// Replaces the file `name` of the folder by these bytes and returns its path.
inline std::filesystem::path scratch_file(const char* name, std::string_view bytes) {
  std::filesystem::path path = scratch_folder() / name;
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  require(file.good());
  return path;
}

}  // namespace caddie::fuzz
