// SPDX-License-Identifier: Apache-2.0
// Runs the compiler that compiled this program on the source of a plugin.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace caddie {

/// Runs a program without input and returns its exit code, as a shell gives it. Throws Error when it is not
/// there, and when a signal stops this one meanwhile.
int run_program(const std::vector<std::string>& command);

/// Returns what a command of the shell prints; nothing when it fails.
std::optional<std::string> output_of_command(const std::string& command);

/// Is a folder that goes away with the object.
class ScratchFolder {
 public:
  /// `name` is a part of the folder's name.
  explicit ScratchFolder(const std::string& name);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Holds the two commands that make a library, which lack the names of the files.
struct CompileCommands {
  std::vector<std::string> compile, link;
  std::string text() const { return join(compile, " ") + "\n" + join(link, " "); }
};

/// Returns the commands for a source, which depend on whether it has kernels and on its lines "// Links:".
/// Throws Error (kPluginRefused) when pkg-config does not know a library.
CompileCommands commands_for(const std::filesystem::path& source);

/// Holds what compile() made.
struct CompiledPlugin {
  std::filesystem::path library;
  std::vector<std::filesystem::path> inputs;  // the files that it was made from, without the SDK's headers
};

/// Compiles and links a source in the folder. The words of the compiler go to stdout and stderr as they are.
/// Throws Error (kPluginRefused) when one of them fails.
CompiledPlugin compile(const CompileCommands& commands, const std::filesystem::path& source,
                       const ScratchFolder& work);

}  // namespace caddie
