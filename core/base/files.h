// SPDX-License-Identifier: Apache-2.0
// Reads files whole or maps them, and replaces them so that a reader sees the old bytes or the new ones,
// never half.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns the files that a shell pattern matches, sorted by the bytes of their paths; none when a folder
/// cannot be read. A file or a folder that is called as it is written there is meant itself, whatever
/// characters its name has: only behind the last slash of "data [v1]/train_*.bin" is something matched.
std::vector<std::filesystem::path> files_matching(const std::string& pattern);

/// Returns the whole file as bytes. Throws Error naming the path when it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path`, or the file that it links to, by `bytes`, which are written to a neighbour, flushed to
/// disk and renamed; a device or a pipe is written to. Creates missing folders. Throws Error naming the path
/// when that fails (no space, no permission); the old file is then untouched.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Returns the name under which this process writes what is to be called `path`.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// Returns the id of the process that writes a file of such a name; 0 for any other name.
int64_t writer_of_temporary(const std::filesystem::path& path);

/// Returns the path that a link stands for in the end, whether there is something or not.
std::filesystem::path behind_links(std::filesystem::path path);

/// Tells whether the path leads to something inside the folder that it starts from, whatever is there.
bool is_below(const std::filesystem::path& path);

/// Tells whether the text can be the name of one file or folder, in any folder, and be printed.
bool is_file_name(std::string_view text);

/// Creates the folder, or what a link by its name leads to, and its parents. Throws Error naming the path and
/// the reason.
void make_folder(const std::filesystem::path& path);

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

}  // namespace caddie
