// SPDX-License-Identifier: Apache-2.0
// Locks by flock(), which the kernel releases when the last process that holds the open file ends.
#include "base/file_lock.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace caddie {
namespace {

/// Returns whether the descriptor is that of the file which has the name now: the name may have been given
/// to another file, or removed, while this one was waited for.
bool is_open_as(int descriptor, const std::filesystem::path& file) {
  struct stat opened = {}, named = {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(file.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// Returns a descriptor of the file that the parent process left open for this one, and whose lock this
/// process holds too; -1 when there is none.
int inherited(const std::filesystem::path& file) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    int descriptor = std::atoi(entry.path().filename().c_str());
    int flags = ::fcntl(descriptor, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) || !is_open_as(descriptor, file)) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  }
  return -1;
}

}  // namespace

int FileLock::open(const std::filesystem::path& file) {
  int flags = std::filesystem::is_directory(file) ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT;
  int descriptor = ::open(file.c_str(), flags | O_CLOEXEC, 0644);
  check(descriptor >= 0, "{}: cannot open it: {}", file.string(), std::strerror(errno));
  return descriptor;
}

std::optional<FileLock> FileLock::take(const std::filesystem::path& file) {
  while (true) {
    FileLock lock(open(file));
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) {
      if (is_open_as(lock.descriptor_, file)) return lock;
      continue;  // Its last holder removed the file while this process opened it.
    }
    check(errno == EWOULDBLOCK, "{}: cannot lock it: {}", file.string(), std::strerror(errno));
    int left_open = inherited(file);
    if (left_open < 0) return std::nullopt;
    ::fcntl(left_open, F_SETFD, FD_CLOEXEC);
    return FileLock(left_open);
  }
}

bool FileLock::is_held(const std::filesystem::path& file) {
  int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  FileLock probe(descriptor);
  return ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::string FileLock::text() const {
  constexpr size_t kMost = 4096;
  std::string text(kMost, '\0');
  ssize_t got = ::pread(descriptor_, text.data(), text.size(), 0);
  text.resize(size_t(std::max<ssize_t>(got, 0)));
  return text;
}

void FileLock::replace_text(std::string_view text) const {
  if (::ftruncate(descriptor_, 0) != 0) return;
  [[maybe_unused]] ssize_t wrote = ::pwrite(descriptor_, text.data(), text.size(), 0);
}

void FileLock::remove_file(const std::filesystem::path& file) const {
  if (is_open_as(descriptor_, file)) ::unlink(file.c_str());
}

void FileLock::let_children_inherit() const { ::fcntl(descriptor_, F_SETFD, 0); }

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace caddie
