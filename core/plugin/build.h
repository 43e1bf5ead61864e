// SPDX-License-Identifier: Apache-2.0
// Builds the library of a plugin from its one source, as this program was built.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/registry.h"

namespace caddie {

/// Says what build_plugin() made.
struct BuiltPlugin {
  PluginFile file;
  Kind kind;
  bool already_built = false;         // The same source was built by the same compiler before.
  std::vector<std::string> warnings;  // what is likely to be meant otherwise
};

/// Compiles a source, checks that its library is a plugin which can be opened, and puts it into the folder of
/// its kind below `folder`; a source of this program's own tree has its library replaced instead. The words
/// of the compiler go to stdout and stderr as they are. A library that is there and was built from the same
/// bytes by the same command stays. Throws Error (kPluginRefused) when it does not compile, is no plugin, or
/// when there is another plugin of its name, and Error (kUsage) when the file is no source.
BuiltPlugin build_plugin(const std::filesystem::path& source, const std::filesystem::path& folder);

/// Returns what is likely to be meant otherwise in a plugin's source: a function that nobody will call, the
/// folder of another kind, a card without the source that it follows. A draft may be built and tested before
/// it names its paper, so that this is no error; each build says it again.
std::vector<std::string> warnings_about(const std::filesystem::path& source, const PluginEntry& entry);

/// Throws Error (kUsage) unless the text can name a plugin: it consists of small letters, digits and "_", and
/// begins with a letter.
void check_plugin_name(const std::string& name, const std::string& where);

}  // namespace caddie
