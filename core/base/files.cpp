// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace caddie {
namespace {

[[noreturn]] void fail_on(const std::filesystem::path& path, const char* action) {
  fail("{}: cannot {}: {}", path.string(), action, std::strerror(errno));
}

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

}  // namespace

std::vector<std::filesystem::path> files_matching(const std::string& pattern) {
  glob_t found = {};
  int status = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::filesystem::path> files;
  if (status == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return files;
}

std::string read_file(const std::filesystem::path& path) {
  Descriptor file(path, O_RDONLY);
  if (!file.ok()) fail_on(path, "open it for reading");
  std::string bytes;
  char buffer[1 << 16];
  for (;;) {
    ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0) fail_on(path, "read it");
    if (got == 0) return bytes;
    bytes.append(buffer, size_t(got));
  }
}

void make_folder(const std::filesystem::path& path) {
  if (path.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("{}: cannot create the folder: {}", path.string(), error.message());
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  make_folder(path.parent_path());
  std::filesystem::path temporary = path;
  temporary += ".tmp" + std::to_string(::getpid());
  try {
    Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok()) fail_on(path, "write it");
    for (size_t done = 0; done < bytes.size();) {
      ssize_t wrote = ::write(file.get(), bytes.data() + done, bytes.size() - done);
      if (wrote < 0) fail_on(path, "write it");
      done += size_t(wrote);
    }
    if (::fsync(file.get()) != 0) fail_on(path, "flush it to disk");
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_on(path, "rename the finished file to it");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  Descriptor file(path, O_RDONLY);
  if (!file.ok()) fail_on(path, "open it for reading");
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0) fail_on(path, "read its size");
  size_ = size_t(info.st_size);
  if (size_ == 0) return;
  void* map = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (map == MAP_FAILED) fail_on(path, "map it");
  data_ = static_cast<const std::byte*>(map);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace caddie
