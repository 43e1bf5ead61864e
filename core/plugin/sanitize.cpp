// SPDX-License-Identifier: Apache-2.0
// The program is not sanitized itself, so that the libraries of the sanitizers have to be loaded before it.
#include "plugin/sanitize.h"

#include <caddie/error.h>

#include <algorithm>

#include "base/exit_code.h"
#include "plugin/toolchain.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Returns the library of that name which the compiler would link; empty where it has none.
fs::path library_of_compiler(const std::string& name) {
  std::optional<std::string> path =
      output_of_command("'" + toolchain().compiler + "' -print-file-name=" + name);
  fs::path found(path ? std::string(trimmed(*path)) : "");
  // A compiler that does not know it repeats the bare name.
  return found.is_absolute() && fs::exists(found) ? fs::canonical(found) : fs::path();
}

/// Returns the libraries of both sanitizers, by the names that they have for g++ and for clang.
std::vector<std::string> libraries_of_sanitizers() {
  using Names = std::vector<std::string>;
  for (const Names& names : {Names{"libasan.so", "libubsan.so"}, Names{"libclang_rt.asan-x86_64.so"}}) {
    std::vector<std::string> found;
    for (const std::string& name : names)
      if (fs::path path = library_of_compiler(name); !path.empty()) found.push_back(path);
    if (found.size() == names.size()) return found;
  }
  throw Error(message("{} has no AddressSanitizer and UndefinedBehaviorSanitizer (libasan.so, libubsan.so); "
                      "install them, or test without --sanitize",
                      {toolchain().compiler}),
              kPluginRefused);
}

}  // namespace

bool is_sanitized() {
  const std::vector<std::string>& options = toolchain().compile;
  return std::any_of(options.begin(), options.end(),
                     [](const std::string& option) { return option.starts_with("-fsanitize="); });
}

SanitizedPlugin build_sanitized(const fs::path& source, const ScratchFolder& work) {
  std::vector<std::string> libraries = libraries_of_sanitizers();
  CompileCommands commands = commands_for(source);
  // The types of the program's own objects are not known to the plugin's copy of the checks, so that those of
  // virtual tables are left out; g++ 12 sees uninitialised reads inside its library when the others are on.
  for (const char* option : {"-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined",
                             "-fno-sanitize=vptr", "-fno-sanitize-recover=all", "-Wno-maybe-uninitialized"})
    commands.compile.emplace_back(option);
  commands.link.emplace_back("-fsanitize=address,undefined");
  if (libraries.size() == 1) commands.link.emplace_back("-shared-libsan");
  SanitizedPlugin plugin;
  plugin.library = compile(commands, source, work).library;
  std::string exit = ":exitcode=" + std::to_string(kSanitizerExit);
  plugin.environment = {"LD_PRELOAD=" + join(libraries, ":"),
                        // What is never freed is the program's, which keeps its caches until it ends.
                        "ASAN_OPTIONS=detect_leaks=0" + exit, "UBSAN_OPTIONS=print_stacktrace=1" + exit};
  return plugin;
}

}  // namespace caddie
