// SPDX-License-Identifier: Apache-2.0
// Finds the libraries of plugins by name, checks each before any of its code runs, opens it when an
// experiment names it, and never closes it.
#pragma once

#include <caddie/plugin.h>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/slot_table.h"

namespace caddie {

/// Returns the name of a phase, such as "normalize".
std::string_view name_of(Phase phase);
/// Returns the names of the sites in the mask, such as "enter" and "leave".
std::vector<std::string> names_of_sites(uint32_t sites);

/// Names the library of a plugin.
struct PluginFile {
  std::string name;  // the file's name without extension
  std::filesystem::path path;
};

/// Returns the hash of the SDK that a file was built for, read from the name of its entry symbol without
/// running its code; empty when it has no such symbol. Throws Error naming a file that cannot be read.
std::string sdk_of(const PluginFile& file);
/// Returns the hash of the SDK that this program offers.
std::string sdk_of_this_program();

/// Describes a plugin whose library is loaded.
struct LoadedPlugin {
  PluginFile file;
  std::string sha256;  // the file's hash
  const PluginEntry* entry = nullptr;
  std::string remark = {};  // what its user should know, such as that its source is newer; empty when nothing
};

/// Returns the entry of a plugin that is a part of the program, with the first card that T is given.
template <class T>
const PluginEntry& built_in(const PluginCard& card) {
  static const PluginEntry entry = {card, detail::kind_of<T>(), detail::sites_of<T>(),
                                    []() -> Plugin* { return new T; }};
  return entry;
}

/// Returns a new object of a plugin. Throws Error (exit code 4) naming the plugin when its constructor
/// throws.
std::unique_ptr<Plugin> make_object(std::string_view name, const PluginEntry& entry);

/// Finds plugins in some folders and opens them. Several threads may use it at once, except for files().
class Registry {
 public:
  /// Looks in each folder and one level below it, and opens no file. Throws Error naming a folder that is
  /// there and cannot be listed; with exit code 4 when two libraries have the same name.
  explicit Registry(const std::vector<std::filesystem::path>& folders = default_folders());

  /// Returns the folder of the plugins that belong to this program.
  static std::filesystem::path own_folder();

  /// Returns that folder, "plugins" of the working folder, and what the environment variable CADDIE_PLUGINS
  /// adds (folders separated by ':'). Throws Error (kUsage) naming one of these that is missing.
  static std::vector<std::filesystem::path> default_folders();

  /// Looks in one more folder. Throws Error (kUsage) when it is missing, and as the constructor does.
  void add_folder(const std::filesystem::path& folder);

  /// Takes a library for the plugin called `name`, in place of the one that lies in the folders, if any.
  void put(const std::string& name, const std::filesystem::path& library);

  /// Keeps remarks from being said when a plugin is opened: LoadedPlugin has them.
  void keep_remarks() { says_remarks_ = false; }

  /// Returns all files, in the order of their names.
  const std::vector<PluginFile>& files() const { return files_; }

  /// Tells whether there is a plugin called `name`.
  bool has(std::string_view name) const;

  /// Adds a plugin that has no file, as if it had been opened; it is none of files(). The entry must outlive
  /// the registry. Throws Error when there is a plugin of that name.
  void add(const std::string& name, const PluginEntry& entry);

  /// Opens the plugin called `name`; `where` says in errors who asked for it. Throws Error (exit code 4) when
  /// there is none, naming near ones and those of the `kinds` that would do, when it was built for another
  /// SDK, saying which and how to rebuild it, when it does not return from being loaded, made and asked for
  /// its settings, which a child process tries first, or when a default lies outside of its range. A remark
  /// on it is said aside, once in a process.
  const LoadedPlugin& open(std::string_view name, std::string_view where, std::span<const Kind> kinds = {});

  /// Returns a new object of the plugin. Throws Error unless the plugin is of kind `kind`.
  std::unique_ptr<Plugin> make(std::string_view name, Kind kind, std::string_view where);
  template <class Slot>
  std::unique_ptr<Slot> make(std::string_view name, std::string_view where) {
    return std::unique_ptr<Slot>(static_cast<Slot*>(make(name, detail::kind_of<Slot>(), where).release()));
  }

  /// Returns what has been opened so far, in the order of names.
  std::vector<const LoadedPlugin*> opened() const;

 private:
  LoadedPlugin load(std::string_view name, std::span<const Kind> kinds) const;
  void look_in(const std::filesystem::path& folder);
  void sort_files();

  mutable std::mutex mutex_;  // It is held while something is added or looked up.
  bool says_remarks_ = true;
  std::vector<std::filesystem::path> folders_;
  std::vector<PluginFile> files_;
  std::map<std::string, LoadedPlugin, std::less<>> opened_;
};

}  // namespace caddie
