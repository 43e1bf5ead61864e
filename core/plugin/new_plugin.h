// SPDX-License-Identifier: Apache-2.0
// Writes what a plugin of one's own begins as: its source, a test and an experiment, from the template of its
// kind.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/slot_table.h"

namespace caddie {

/// Holds a file that is to be written.
struct NewFile {
  std::filesystem::path name;
  std::string text;
  bool shared = false;  // tells that several plugins share it, so that one that is there stays
};

/// Returns the files of a new plugin: NAME.cpp, NAME_test.sh, NAME.toml, and the experiment small.toml that
/// the last one builds on. Throws Error naming a template that cannot be read.
std::vector<NewFile> new_plugin(Kind kind, const std::string& name);

/// Returns the pattern of the text that their experiments train on: the headers of the SDK.
std::string text_of_templates();

/// Returns the name of the struct in the source of a plugin, such as "MyGain" for "my_gain". One that the SDK
/// has already ends in "Plugin".
std::string struct_of(const std::string& name);

}  // namespace caddie
