// SPDX-License-Identifier: Apache-2.0
// Runs the initialisers of a library for a trial, in a child process.
#include "plugin/trial.h"

#include <caddie/error.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/mapped_file.h"
#include "plugin/elf.h"
#include "process/child.h"

namespace caddie {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kUsualInitialisers = 2;  // A sanitizer registers the library's globals.
#else
constexpr size_t kUsualInitialisers = 1;  // This is the compiler's own, which every library has.
#endif

/// Loads the library, and writes a byte when whatever it runs has returned. An exception ends the process.
[[noreturn]] void try_to_load(const char* library, const char* entry, int done) noexcept {
  int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  // An exit() must not wait for the threads of the parent, which the child does not have.
  on_exit([](int code, void*) { _exit(code); }, nullptr);
  if (void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL))
    if (void* symbol = dlsym(handle, entry)) reinterpret_cast<const void* (*)()>(symbol)();
  [[maybe_unused]] ssize_t written = write(done, "k", 1);
  _exit(0);
}

/// Waits for a byte or for the other end to close; returns false when the time is up first.
bool wait_for(int descriptor, double seconds) {
  pollfd wanted = {descriptor, POLLIN, 0};
  int ready = 0;
  do ready = poll(&wanted, 1, int(seconds * 1000));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

bool has_initialisers(const std::filesystem::path& library) {
  std::optional<size_t> count = count_initialisers(MappedFile(library).bytes());
  return !count || *count > kUsualInitialisers;
}

std::string trial_of(const std::filesystem::path& library, const std::string& entry, double seconds) {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC) == 0, "{}: no pipe for a trial of it: {}", library.string(),
        std::strerror(errno));
  pid_t child = fork();
  check(child >= 0, "{}: no process for a trial of it: {}", library.string(), std::strerror(errno));
  if (child == 0) try_to_load(library.c_str(), entry.c_str(), ends[1]);
  close(ends[1]);
  bool in_time = wait_for(ends[0], seconds);
  char byte = 0;
  bool returned = in_time && read(ends[0], &byte, 1) == 1;
  close(ends[0]);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (returned) return "";
  if (!in_time) return message("did not return within {} s", {seconds});
  ChildEnd end = end_of_status(status);
  if (end.signal != 0) return message("was ended by signal {} ({})", {end.signal, strsignal(end.signal)});
  return message("ended the process with exit code {}", {end.code});
}

}  // namespace caddie
