// SPDX-License-Identifier: Apache-2.0
// Marks folders by a file with a fixed text, and refuses to touch folders without it.
#include "base/owned_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "base/exit_code.h"
#include "base/files.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarkText =
    "Caddie made this folder and may clear or delete it; without this file it does neither.\n";

/// Tells whether the file is a mark, or the beginning of one that a killed process did not finish.
bool is_mark_in_the_making(const fs::path& file) {
  std::error_code error;
  return file.filename() == kMark && fs::is_regular_file(file, error) &&
         fs::file_size(file, error) <= kMarkText.size() && kMarkText.starts_with(read_file(file));
}

/// Tells whether the folder is empty, apart from a mark that a killed process began to write.
bool holds_nothing(const fs::path& folder) {
  if (!fs::is_directory(folder)) return false;
  std::vector<fs::directory_entry> entries = entries_of(folder);
  return std::all_of(entries.begin(), entries.end(),
                     [](const auto& entry) { return is_mark_in_the_making(entry.path()); });
}

/// Writes the mark. It is not flushed to disk, which would cost each stage some milliseconds: a folder that
/// loses its mark in a crash is only left alone.
void write_mark(const fs::path& folder) {
  fs::path file = folder / kMark;
  int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  ssize_t wrote = descriptor < 0 ? -1 : ::write(descriptor, kMarkText.data(), kMarkText.size());
  int error = wrote < 0 ? errno : ENOSPC;
  if (descriptor >= 0) ::close(descriptor);
  check(wrote == ssize_t(kMarkText.size()), "{}: cannot write it: {}", file.string(), std::strerror(error));
}

void remove_entry(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  check(!error, "{}: cannot remove it: {}", path.string(), error.message());
}

}  // namespace

bool is_owned(const fs::path& folder) {
  fs::path mark = folder / kMark;
  std::error_code error;
  if (!fs::is_regular_file(mark, error) || fs::file_size(mark, error) != kMarkText.size()) return false;
  return read_file(mark) == kMarkText;
}

bool make_owned_folder(const fs::path& folder) {
  if (is_owned(folder)) return true;
  make_folder(folder);
  // Another process may have marked it meanwhile, and then put something there.
  if (!holds_nothing(folder)) return is_owned(folder);
  write_mark(folder);
  return true;
}

void check_owned(const fs::path& folder) {
  if (fs::exists(folder) && !is_owned(folder) && !holds_nothing(folder))
    fail_usage(
        "{}: Caddie removes only folders that it made, and this one has no file {} that says so; "
        "move it away, or remove it yourself",
        folder.string(), kMark);
}

void check_nothing_foreign(const fs::path& folder, std::span<const char* const> names) {
  if (is_owned(folder)) return;
  for (const char* name : names)
    if (fs::exists(fs::symlink_status(folder / name)))
      fail_usage("{}: Caddie did not make it, and would overwrite it; move it away, or name another --output",
                 (folder / name).string());
}

void remove_owned(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  clear_owned(folder);
  if (!is_owned(folder)) return;  // It is empty, and may be somebody's.
  remove_entry(folder / kMark);
  std::error_code error;
  fs::remove(folder, error);
  check(!error, "{}: cannot remove it: {}", folder.string(), error.message());
}

void clear_owned(const fs::path& folder, std::string_view kept) {
  check_owned(folder);
  for (const fs::directory_entry& entry : entries_of(folder))
    if (fs::path name = entry.path().filename(); name != kMark && name != kept) remove_entry(entry.path());
}

void remove_leftovers(const fs::path& folder) {
  if (!is_owned(folder)) return;
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : entries_of(folder)) {
    int64_t writer = writer_of_temporary(entry.path());
    if (writer <= 0 || !entry.is_regular_file()) continue;
    // If the id has gone to another process meanwhile, the file stays until that one has ended too.
    bool lives = ::kill(pid_t(writer), 0) == 0 || errno == EPERM;
    if (!lives || writer == ::getpid()) found.push_back(entry.path());
  }
  for (const fs::path& path : found) remove_entry(path);
}

void disown(const fs::path& folder) {
  if (is_owned(folder)) remove_entry(folder / kMark);
}

}  // namespace caddie
