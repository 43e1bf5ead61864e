// SPDX-License-Identifier: Apache-2.0
// A list that a signal handler can walk at any moment holds every mapped file; its entries are emptied and
// used again, never freed.
#include "base/mapped_file.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/exit_code.h"

namespace caddie {
namespace {

/// Says of which file the bytes from `begin` on are. Size and path change only while `begin` is null, so that
/// whoever sees a beginning sees what belongs to it.
struct Mapping {
  std::atomic<const std::byte*> begin = nullptr;
  size_t size = 0;
  std::string path;
  Mapping* next = nullptr;
};
std::atomic<Mapping*> first_mapping = nullptr;
std::mutex mappings_change;  // Who fills or empties an entry holds it; the signal handler never does.

void note_mapping(const std::byte* begin, size_t size, const std::filesystem::path& path) {
  std::lock_guard lock(mappings_change);
  Mapping* entry = first_mapping;
  while (entry && entry->begin) entry = entry->next;
  bool is_new = !entry;
  if (is_new) entry = new Mapping;
  entry->size = size;
  entry->path = path.string();
  entry->begin = begin;
  if (!is_new) return;
  entry->next = first_mapping;
  first_mapping = entry;
}

void forget_mapping(const std::byte* begin) {
  std::lock_guard lock(mappings_change);
  for (Mapping* entry = first_mapping; entry; entry = entry->next)
    if (entry->begin == begin) entry->begin = nullptr;
}

/// Writes to stderr as a signal handler may. What cannot be written is lost.
void write_from_handler(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

/// Says that the file cannot be read, and ends the process.
[[noreturn]] void end_for(const std::string& path) {
  static std::atomic_flag said;
  while (said.test_and_set()) ::pause();  // Another thread says it and ends the process.
  termios terminal;
  if (::tcgetattr(STDERR_FILENO, &terminal) == 0)
    write_from_handler("\n");  // A line of progress may be open.
  write_from_handler("error: ");
  write_from_handler(path);
  write_from_handler(
      ": cannot be read to its end: it was cut short while it was in use, or its disk fails\n");
  ::_exit(kFailed);
}

void on_bus_error(int signal, siginfo_t* info, void*) {
  const auto* address = static_cast<const std::byte*>(info->si_addr);
  for (Mapping* entry = first_mapping; entry; entry = entry->next) {
    const std::byte* begin = entry->begin;
    if (begin && address >= begin && address < begin + entry->size) end_for(entry->path);
  }
  std::signal(signal, SIG_DFL);  // The access is tried again when this returns, and then ends the process.
}

[[noreturn]] void fail_to(const char* action, const std::filesystem::path& path) {
  fail("{}: cannot {}: {}", path.string(), action, std::strerror(errno));
}

/// Closes a file at the end of its life.
struct OpenFile {
  int descriptor;
  ~OpenFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.descriptor < 0) fail_to("open it for reading", path);
  struct stat info = {};
  if (::fstat(file.descriptor, &info) != 0) fail_to("read its size", path);
  check(!S_ISDIR(info.st_mode), "{}: is a folder; wanted a file", path.string());
  if (info.st_size == 0) return;
  void* map = ::mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_SHARED, file.descriptor, 0);
  if (map == MAP_FAILED) fail_to("map it", path);
  size_ = size_t(info.st_size);
  data_ = static_cast<const std::byte*>(map);
  note_mapping(data_, size_, path);
}

MappedFile::~MappedFile() {
  if (!data_) return;
  forget_mapping(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void name_cut_files() {
  struct sigaction action = {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace caddie
