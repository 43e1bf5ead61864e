// SPDX-License-Identifier: Apache-2.0
// Maps files into memory, and names the one that was cut short while it was read there.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace caddie {

/// Maps a file read-only into memory for as long as the object lives.
class MappedFile {
 public:
  /// Throws Error naming the path when the file cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// From this call on, reading bytes of a mapped file that are no longer there (it was cut short, or its disk
/// fails) ends the process with exit code 1, after an error on stderr that names the file. Without the call
/// such a process dies of SIGBUS.
void name_cut_files();

}  // namespace caddie
