// SPDX-License-Identifier: Apache-2.0
// A child goes through the steps of a plugin's beginning and writes a byte behind each; the first that is
// missing is the one to blame.
#include "plugin/trial.h"

#include <caddie/error.h>
#include <caddie/plugin.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/mapped_file.h"
#include "plugin/elf.h"
#include "process/forked.h"

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

}  // namespace

std::string trial_of(const std::filesystem::path& library, const std::string& entry, double seconds) {
  constexpr size_t kAll = std::size(kSteps);
  std::optional<ChildWords> words =
      words_of_child([&](int done) { go_through(library.c_str(), entry.c_str(), done); }, seconds, kAll);
  if (!words || words->text.size() == kAll) return "";
  std::string step = kSteps[words->text.size()];
  if (words->late) return step + message(" did not return within {} s", {seconds});
  if (int signal = words->end.signal; signal != 0)
    return step + message(" was ended by signal {} ({})", {signal, strsignal(signal)});
  return step + message(" ended the process with exit code {}", {words->end.code});
}

}  // namespace caddie
