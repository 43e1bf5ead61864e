// SPDX-License-Identifier: Apache-2.0
// Reads and replaces files by POSIX calls; reads and writes that a signal interrupts are tried again.
#include "base/files.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace caddie {
namespace {

// The name of a temporary file is that of the final one, this ending, and the id of the process that writes
// it.
const std::string kTemporary = ".tmp";

/// Throws Error naming the path, what could not be done with it, and the reason in errno.
[[noreturn]] void fail_on(const std::filesystem::path& path, const char* action) {
  fail("{}: cannot {}: {}", path.string(), action, std::strerror(errno));
}

/// Throws Error when an open file is a folder, which can be opened and not be read.
void refuse_folder(int descriptor, const std::filesystem::path& path) {
  struct stat info = {};
  if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode))
    fail("{}: is a folder; wanted a file", path.string());
}

/// Owns an open file and closes it at the end of its life.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Returns a pattern that matches `text` and nothing else.
std::string escaped(const std::string& text) {
  std::string pattern;
  for (char c : text) {
    if (std::strchr("*?[\\", c)) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// Returns the pattern with its special characters escaped in the part that exists under exactly that name:
/// all of it, or the folder before the last slash.
std::string with_literal_folder(const std::string& pattern) {
  std::error_code ignored;
  if (std::filesystem::exists(pattern, ignored)) return escaped(pattern);
  size_t slash = pattern.rfind('/');
  if (slash == std::string::npos || !std::filesystem::is_directory(pattern.substr(0, slash), ignored))
    return pattern;
  return escaped(pattern.substr(0, slash)) + pattern.substr(slash);
}

/// Names a folder that could not be listed, and says why; the error is 0 when there was none.
struct Unlisted {
  std::string folder;
  int error = 0;
};
thread_local Unlisted first_unlisted;

/// Notes the first folder that glob() found and could not list, and has it go on.
int note_unlisted(const char* folder, int error) {
  if (first_unlisted.error == 0 && error != ENOENT && error != ENOTDIR) first_unlisted = {folder, error};
  return 0;
}

/// Writes all bytes, in several calls where one takes only a part of them. Throws Error naming `path`.
void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  for (size_t done = 0; done < bytes.size();) {
    ssize_t wrote = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail_on(path, "write it");
    done += size_t(wrote);
  }
}

/// Writes a file beside `path`, flushes it to disk, and gives it that name.
void replace_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path temporary = temporary_beside(path);
  try {
    Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok()) fail_on(path, "write it");
    write_all(file.get(), bytes, path);
    if (::fsync(file.get()) != 0) fail_on(path, "flush it to disk");
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_on(path, "rename the finished file to it");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace

std::vector<std::filesystem::path> files_matching(const std::string& pattern) {
  glob_t found = {};
  first_unlisted = {};
  int status = ::glob(with_literal_folder(pattern).c_str(), GLOB_NOSORT, note_unlisted, &found);
  std::vector<std::filesystem::path> files;
  if (status == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  auto [folder, error] = first_unlisted;
  if (error != 0 && (error != EACCES || files.empty()))
    fail("{}: cannot list it: {}", folder, std::strerror(error));
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return files;
}

std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error), end;
  if (error == std::errc::no_such_file_or_directory) return {};
  std::vector<std::filesystem::directory_entry> entries;
  for (; !error && entry != end; entry.increment(error)) entries.push_back(*entry);
  check(!error, "{}: cannot list it: {}", folder.string(), error.message());
  return entries;
}

std::string why_nothing_matches(const std::string& pattern) {
  namespace fs = std::filesystem;
  fs::path path(pattern), folder = path.parent_path();
  std::error_code ignored;
  std::string from = path.is_absolute() ? "" : ", looked for from " + fs::current_path(ignored).string();
  if (fs::is_directory(folder, ignored))
    return from + "; the folder " + folder.string() + " is there, and holds no file of that pattern";
  if (pattern.starts_with('~')) return "; no shell replaces ~ here, so write the home folder out";
  if (pattern.find('{') != pattern.npos)
    return "; braces are not expanded here: give one pattern with * or ?";
  if (folder.empty()) return from;
  for (const fs::path& found : files_matching(folder.string()))
    if (fs::is_directory(found, ignored))
      return from + "; no folder of that pattern, such as " + found.string() + ", holds such a file";
  return from + "; there is no folder " + folder.string();
}

std::string why_no_file(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return "is a folder; wanted a file";
  if (status.type() == std::filesystem::file_type::not_found) return "there is no such file";
  return error ? "cannot look at it: " + error.message() : "";
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  std::error_code ignored;
  const std::string& text = file.native();
  bool is_descriptor = text == "/dev/stdin" || text.starts_with("/dev/fd/") || text.starts_with("/proc/");
  if (is_descriptor || !std::filesystem::is_regular_file(file, ignored)) return {};
  return file.parent_path();
}

std::string read_file(const std::filesystem::path& path) {
  Descriptor file(path, O_RDONLY);
  if (!file.ok()) fail_on(path, "open it for reading");
  refuse_folder(file.get(), path);
  std::string bytes;
  char buffer[1 << 16];
  for (;;) {
    ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_on(path, "read it");
    if (got == 0) return bytes;
    bytes.append(buffer, size_t(got));
  }
}

std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  std::filesystem::path temporary = path;
  temporary += kTemporary + std::to_string(::getpid());
  return temporary;
}

int64_t writer_of_temporary(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  if (!ending.starts_with(kTemporary)) return 0;
  const char *begin = ending.data() + kTemporary.size(), *end = ending.data() + ending.size();
  int64_t process = 0;
  auto [rest, error] = std::from_chars(begin, end, process);
  return error == std::errc() && rest == end ? process : 0;
}

std::filesystem::path behind_links(std::filesystem::path path) {
  std::error_code error;
  constexpr int kLinks = 40;  // The kernel follows no more than these either.
  for (int i = 0; i < kLinks && std::filesystem::is_symlink(path, error); ++i)
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  return path;
}

void make_folder(const std::filesystem::path& path) {
  if (path.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(behind_links(path), error);
  if (error) fail("{}: cannot create the folder: {}", path.string(), error.message());
}

std::filesystem::path without_slash(const std::filesystem::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

bool is_below(const std::filesystem::path& path) {
  std::filesystem::path plain = path.lexically_normal();
  return !plain.empty() && plain.is_relative() && plain != "." && *plain.begin() != "..";
}

bool is_file_name(std::string_view text) {
  bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c != '/' && !std::iscntrl(uint8_t(c)); });
  return plain && !text.empty() && text != "." && text != "..";
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  make_folder(path.parent_path());
  std::error_code ignored;
  std::filesystem::file_type type = std::filesystem::status(path, ignored).type();
  if (type == std::filesystem::file_type::directory)
    fail("{}: cannot write it: it is a folder", path.string());
  if (type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found)
    return replace_file(behind_links(path), bytes);
  Descriptor device(path, O_WRONLY);  // It is a device or a pipe, which cannot be replaced.
  if (!device.ok()) fail_on(path, "write it");
  write_all(device.get(), bytes, path);
}

}  // namespace caddie
