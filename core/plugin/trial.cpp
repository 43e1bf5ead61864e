// SPDX-License-Identifier: Apache-2.0
// A child goes through the steps of a plugin's beginning and writes a byte behind each; the first that is
// missing is the one to blame.
#include "plugin/trial.h"

#include <caddie/error.h>
#include <caddie/plugin.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/mapped_file.h"
#include "base/stopwatch.h"
#include "plugin/elf.h"
#include "process/child.h"

namespace caddie {
namespace {

constexpr const char* kSteps[] = {"its initialiser", "its constructor", "its settings()", "its destructor"};

/// Asks for settings and leaves them as they are.
class Unread final : public Settings {
  void visit(const Setting&) override {}
};

/// Goes through all steps, and writes a byte when one has returned. An exception of the initialiser ends the
/// process, as it would when the library is loaded; one that a later step throws can be caught there too.
[[noreturn]] void go_through(const char* library, const char* entry, int done) noexcept {
  int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  // An exit() must not wait for the threads of the parent, which the child does not have.
  on_exit([](int code, void*) { _exit(code); }, nullptr);
  auto tell = [done] { [[maybe_unused]] ssize_t written = write(done, "k", 1); };
  if (void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL))
    if (void* symbol = dlsym(handle, entry)) {
      const PluginEntry* plugin = reinterpret_cast<const PluginEntry* (*)()>(symbol)();
      tell();
      try {
        std::unique_ptr<Plugin> object(plugin->make());
        tell();
        Unread settings;
        object->settings(settings);
        tell();
      } catch (...) {
      }
    }
  // What threw, or did not load, has returned; the parent waits for all bytes.
  for ([[maybe_unused]] const char* step : kSteps) tell();
  _exit(0);
}

/// Returns how many bytes came before the other end was closed, or `most`; -1 less that number when the time
/// was up first.
int bytes_from(int descriptor, int most, double seconds) {
  Stopwatch clock;
  char bytes[std::size(kSteps)];
  int came = 0;
  while (came < most) {
    pollfd wanted = {descriptor, POLLIN, 0};
    int ready = poll(&wanted, 1, int(std::max(0.0, seconds - clock.seconds()) * 1000));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return -1 - came;
    ssize_t got = read(descriptor, bytes, size_t(most - came));
    if (got == 0) break;
    if (got > 0) came += int(got);
  }
  return came;
}

}  // namespace

std::string trial_of(const std::filesystem::path& library, const std::string& entry, double seconds) {
  constexpr int kAll = int(std::size(kSteps));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  pid_t child = fork();
  if (child == 0) go_through(library.c_str(), entry.c_str(), ends[1]);
  close(ends[1]);
  int came = child > 0 ? bytes_from(ends[0], kAll, seconds) : kAll;
  close(ends[0]);
  if (child < 0) return "";
  bool late = came < 0;
  if (late) {
    came = -1 - came;
    kill(child, SIGKILL);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (came == kAll) return "";
  std::string step = kSteps[came];
  if (late) return step + message(" did not return within {} s", {seconds});
  ChildEnd end = end_of_status(status);
  if (end.signal != 0)
    return step + message(" was ended by signal {} ({})", {end.signal, strsignal(end.signal)});
  return step + message(" ended the process with exit code {}", {end.code});
}

}  // namespace caddie
