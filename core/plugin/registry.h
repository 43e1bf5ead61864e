// SPDX-License-Identifier: Apache-2.0
// Techniques on disk: found by name, checked before any of their code runs, opened when an experiment names
// them, and never closed.
#pragma once

#include <caddie/plugin.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/slot_table.h"

namespace caddie {

std::string_view name_of(Phase phase);  // "normalize"
/// The names of the sites in the mask: "enter", "leave".
std::vector<std::string> names_of_sites(uint32_t sites);

struct PluginFile {
  std::string name;  // file name without extension
  std::filesystem::path path;
};

/// Hash of the SDK that a file was built for, read from the name of its entry symbol without running its
/// code; empty when it has no such symbol.
std::string sdk_of(const PluginFile& file);
/// Hash of the SDK that this program offers.
std::string sdk_of_this_program();

struct LoadedPlugin {
  PluginFile file;
  std::string sha256;  // of the file
  const PluginEntry* entry = nullptr;
};

class Registry {
 public:
  /// Looks in each folder and one level below it. Opens no file.
  explicit Registry(std::vector<std::filesystem::path> folders = default_folders());

  /// The folder "plugins" that belongs to this program, and what the environment variable CADDIE_PLUGINS adds
  /// (folders separated by ':').
  static std::vector<std::filesystem::path> default_folders();

  /// All files, by name. Throws Error when two folders hold the same name.
  const std::vector<PluginFile>& files() const { return files_; }

  /// Opens the plugin called `name`. Throws Error (exit code 4) when there is none, naming near ones, or when
  /// it was built for another SDK, saying which and how to rebuild it.
  const LoadedPlugin& open(std::string_view name, std::string_view where);

  /// A new object of the plugin, which must be of kind `kind`.
  std::unique_ptr<Plugin> make(std::string_view name, Kind kind, std::string_view where);
  template <class Slot>
  std::unique_ptr<Slot> make(std::string_view name, std::string_view where) {
    return std::unique_ptr<Slot>(static_cast<Slot*>(make(name, detail::kind_of<Slot>(), where).release()));
  }

  /// What has been opened so far, by name.
  std::vector<const LoadedPlugin*> opened() const;

 private:
  LoadedPlugin load(std::string_view name) const;

  std::vector<std::filesystem::path> folders_;
  std::vector<PluginFile> files_;
  std::map<std::string, LoadedPlugin, std::less<>> opened_;
};

}  // namespace caddie
