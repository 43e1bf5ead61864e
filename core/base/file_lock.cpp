// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace caddie {

std::optional<FileLock> FileLock::take(const std::filesystem::path& file, bool inherit) {
  int flags = std::filesystem::is_directory(file) ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT;
  int descriptor = ::open(file.c_str(), flags | (inherit ? 0 : O_CLOEXEC), 0644);
  check(descriptor >= 0, "{}: cannot open it: {}", file.string(), std::strerror(errno));
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  check(errno == EWOULDBLOCK, "{}: cannot lock it: {}", file.string(), std::strerror(errno));
  return std::nullopt;
}

bool FileLock::is_held(const std::filesystem::path& file) {
  int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  FileLock probe(descriptor);
  return ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace caddie
