// SPDX-License-Identifier: Apache-2.0
// Writes what a plugin of one's own begins as: its source, a test, an experiment and a sweep, from the
// template of its kind.
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

/// Returns the files of a new plugin: NAME.cpp, NAME_test.sh, NAME.toml, NAME_sweep.toml, which trains with
/// the plugin and without, and the experiment small.toml that NAME.toml builds on. Throws Error naming a
/// template that cannot be read.
std::vector<NewFile> new_plugin(Kind kind, const std::string& name);

/// Returns the commands that lead from these files to a row of an ablation table.
std::vector<std::string> next_steps(Kind kind, const std::string& name);

/// Returns the pattern of the text that their experiments train on: the headers of the SDK.
std::string text_of_templates();

/// Returns the name of the struct in the source of a plugin, such as "MyGain" for "my_gain". One that the SDK
/// has already ends in "Plugin".
std::string struct_of(const std::string& name);

}  // namespace caddie
