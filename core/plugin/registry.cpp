// SPDX-License-Identifier: Apache-2.0
// Finds the libraries of plugins, checks them and opens them.
#include "plugin/registry.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <xmmintrin.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <mutex>
#include <set>
#include <tuple>

#include "base/at_work.h"
#include "base/console.h"
#include "base/exception_type.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "config/settings.h"
#include "plugin/build_note.h"
#include "plugin/elf.h"
#include "plugin/trial.h"

#define CADDIE_STRING_(x) #x
#define CADDIE_STRING(x) CADDIE_STRING_(x)

namespace caddie {
namespace {

constexpr const char* kEntryPrefix = "caddie_plugin_";

// Adds the libraries that lie in a folder, and returns the folders there; one that is missing has none.
std::vector<std::filesystem::path> collect(const std::filesystem::path& folder,
                                           std::vector<PluginFile>& files) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : entries_of(folder)) {
    if (entry.path().extension() == ".so") files.push_back({entry.path().stem().string(), entry.path()});
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return folders;
}

// Returns "; did you mean 'a' or 'b'?" with the few names that are nearest; "" when none is near.
std::string nearest_few(std::string_view name, std::vector<std::string> names) {
  constexpr size_t kFew = 3;
  std::vector<std::string> few;
  for (std::string next; few.size() < kFew && !(next = nearest(name, names)).empty(); std::erase(names, next))
    few.push_back("'" + next + "'");
  return few.empty() ? "" : "; did you mean " + join(few, " or ") + "?";
}

// Says of what plugins there are to someone who names one that there is not.
std::string hint_for(std::string_view name, const std::vector<PluginFile>& files,
                     std::span<const Kind> kinds) {
  std::string source = std::string(name) + ".cpp";
  if (std::filesystem::exists(source))
    return message("; {} lies here: caddie plugin build {}", {source, source});
  std::vector<std::string> names, fitting, kind_names;
  for (Kind kind : kinds) kind_names.emplace_back(name_of(kind));
  for (const PluginFile& file : files) {
    std::string folder = file.path.parent_path().filename();
    bool fits =
        std::any_of(kinds.begin(), kinds.end(), [&](Kind kind) { return folder_of_kind(kind) == folder; });
    if (fits) fitting.push_back(file.name);
    if (fits || kinds.empty() || !is_kind_folder(folder)) names.push_back(file.name);
  }
  constexpr size_t kMostListed = 24;
  std::string hint = nearest_few(name, names);
  if (!fitting.empty() && fitting.size() <= kMostListed)
    hint += message("; plugins of kind {}: {}", {join(kind_names, " or "), join(fitting, ", ")});
  return hint + "; caddie plugin list shows all";
}

// Returns the file of the plugin called `name`. Throws Error naming the folders and near names when there is
// none.
const PluginFile& file_called(std::string_view name, const std::vector<PluginFile>& files,
                              const std::vector<std::filesystem::path>& folders,
                              std::span<const Kind> kinds) {
  auto file = std::find_if(files.begin(), files.end(), [&](const PluginFile& f) { return f.name == name; });
  if (file != files.end()) return *file;
  std::vector<std::string> places;
  for (const auto& folder : folders) places.push_back(folder.string());
  throw Error(
      message("there is no plugin '{}' in {}{}", {name, join(places, ", "), hint_for(name, files, kinds)}),
      kPluginRefused);
}

// Throws Error when loading changed the arithmetic: a library linked with -ffast-math sets the processor to
// flush small numbers to zero, for the whole program.
void check_arithmetic(const PluginFile& file) {
  constexpr unsigned kFlushBits = 0x8040;
  if ((_mm_getcsr() & kFlushBits) == 0) return;
  _mm_setcsr(_mm_getcsr() & ~kFlushBits);
  throw Error(message("{}: loading it makes the processor flush small numbers to zero; rebuild it without "
                      "-ffast-math",
                      {file.path.string()}),
              kPluginRefused);
}

// Throws Error unless the library was built for the SDK of this program.
void check_stamp(const PluginFile& file) {
  std::string stamp = sdk_of(file);
  if (stamp == sdk_of_this_program()) return;
  if (!exported_names(MappedFile(file.path).bytes()))
    throw Error(message("{} is no library", {file.path.string()}), kPluginRefused);
  if (stamp.empty())
    throw Error(
        message("{} has no CADDIE_PLUGIN line: it is no plugin; write one at the end of its source, or "
                "take the file out of its folder",
                {file.path.string()}),
        kPluginRefused);
  std::filesystem::path source = source_of(file.path);
  throw Error(
      message("{} was built for SDK {}, this caddie is SDK {}; build it again: caddie plugin build {}",
              {file.path.string(), stamp, sdk_of_this_program(),
               source.empty() ? file.name + ".cpp" : source.string()}),
      kPluginRefused);
}

// Returns what is likely to be meant otherwise with a plugin that was opened.
std::string remark_on(const PluginFile& file, Kind kind) {
  std::string path = file.path.string();
  if (std::string stale = staleness(file.path); !stale.empty()) return message("{}: {}", {path, stale});
  std::string folder = file.path.parent_path().filename();
  if (!is_kind_folder(folder) || folder == folder_of_kind(kind)) return "";
  return message("{}: it is of kind {} and lies in the folder of {}; move its source to {}/ and build again",
                 {path, name_of(kind), folder, folder_of_kind(kind)});
}

// Says a remark that was not said before in this process.
void say_once(const std::string& remark) {
  static std::mutex mutex;
  static std::set<std::string> said;
  std::lock_guard lock(mutex);
  if (!remark.empty() && said.insert(remark).second) say_aside("warning: " + remark);
}

std::string entry_symbol() { return kEntryPrefix + sdk_of_this_program(); }

// Returns what changes when a file is written to or replaced.
std::string identity_of(const std::filesystem::path& path) {
  struct stat s = {};
  if (::stat(path.c_str(), &s) != 0) return "";
  return message("{} {} {} {} {} {}",
                 {s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ctim.tv_nsec});
}

// Throws Error when the plugin does not return from its beginning. One that did is remembered by its file
// for as long as the process lives, which may read hundreds of experiments.
void check_beginning(const PluginFile& file) {
  static std::mutex mutex;
  static std::set<std::string> good;
  std::lock_guard lock(mutex);
  std::string identity = identity_of(file.path);
  if (good.count(identity)) return;
  if (std::string deed = trial_of(file.path, entry_symbol()); !deed.empty())
    throw Error(message("{}: {}; mend it, or take the file out of its folder", {file.path.string(), deed}),
                kPluginRefused);
  good.insert(identity);
}

// Finds a setting whose default nobody could write down.
struct DefaultCheck final : Settings {
  std::string fault;
  void visit(const Setting& setting) override {
    if (fault.empty() && !is_in_range(setting))
      fault = message("the default of its setting '{}' is {}, and wanted is {}",
                      {setting.name, toml_text(to_node(setting)), range_text(setting.range)});
  }
};

// Throws Error when a default lies outside of the range that is declared with it. What a plugin throws by
// itself is told where it is used.
void check_defaults(const LoadedPlugin& plugin) {
  DefaultCheck check;
  try {
    std::unique_ptr<Plugin>(plugin.entry->make())->settings(check);
  } catch (...) {
  }
  if (!check.fault.empty())
    throw Error(message("{}: {}; mend one of them", {plugin.file.path.string(), check.fault}),
                kPluginRefused);
}

}  // namespace

std::string_view name_of(Phase phase) {
  constexpr std::string_view names[] = {"normalize", "rotate", "add",  "mix",
                                        "project",   "scale",  "gate", "limit"};
  return names[size_t(phase)];
}

std::vector<std::string> names_of_sites(uint32_t sites) {
  std::vector<std::string> out;
  for (const detail::SiteRow& row : detail::kSites<Modifier>)
    if (sites & bit_of(row.site)) out.emplace_back(row.name);
  return out;
}

std::string sdk_of(const PluginFile& file) {
  MappedFile library(file.path);
  for (const std::string& name : exported_names(library.bytes()).value_or(std::vector<std::string>()))
    if (name.starts_with(kEntryPrefix)) return name.substr(std::string_view(kEntryPrefix).size());
  return "";
}

std::string sdk_of_this_program() { return CADDIE_STRING(CADDIE_SDK_HASH); }

Registry::Registry(const std::vector<std::filesystem::path>& folders) {
  for (const auto& folder : folders) look_in(folder);
  sort_files();
}

void Registry::look_in(const std::filesystem::path& folder) {
  std::error_code error;  // A folder that is missing is no other one.
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error)) return;
  for (const auto& known : folders_)
    if (std::filesystem::equivalent(known, folder, error)) return;
  folders_.push_back(folder);
  for (const auto& inner : collect(folder, files_)) collect(inner, files_);
}

void Registry::add_folder(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) fail_usage("there is no folder {}", folder.string());
  std::lock_guard lock(mutex_);
  look_in(folder);
  sort_files();
}

void Registry::put(const std::string& name, const std::filesystem::path& library) {
  std::lock_guard lock(mutex_);
  std::erase_if(files_, [&](const PluginFile& file) { return file.name == name; });
  files_.push_back({name, library});
  sort_files();
}

void Registry::sort_files() {
  std::sort(files_.begin(), files_.end(), [](const PluginFile& a, const PluginFile& b) {
    return std::tie(a.name, a.path) < std::tie(b.name, b.path);
  });
  for (size_t i = 1; i < files_.size(); ++i)
    if (files_[i].name == files_[i - 1].name)
      throw Error(message("two plugins are called '{}': {} and {}; keep one of them",
                          {files_[i].name, files_[i - 1].path.string(), files_[i].path.string()}),
                  kPluginRefused);
}

std::filesystem::path Registry::own_folder() {
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path().parent_path() / "lib/caddie/plugins";
}

std::vector<std::filesystem::path> Registry::default_folders() {
  std::vector<std::filesystem::path> folders = {own_folder(), "plugins"};
  const char* more = std::getenv("CADDIE_PLUGINS");
  for (const std::string& folder : split(more ? more : "", ':')) {
    if (folder.empty()) continue;
    if (!std::filesystem::is_directory(folder))
      fail_usage("CADDIE_PLUGINS names {}: there is no such folder", folder);
    folders.emplace_back(folder);
  }
  return folders;
}

bool Registry::has(std::string_view name) const {
  std::lock_guard lock(mutex_);
  return opened_.count(name) > 0 ||
         std::any_of(files_.begin(), files_.end(), [&](const PluginFile& f) { return f.name == name; });
}

void Registry::add(const std::string& name, const PluginEntry& entry) {
  check(!has(name), "there is a plugin '{}' already", name);
  std::lock_guard lock(mutex_);
  opened_[name] = {{name, {}}, "", &entry};
}

const LoadedPlugin& Registry::open(std::string_view name, std::string_view where,
                                   std::span<const Kind> kinds) {
  std::lock_guard lock(mutex_);
  if (auto found = opened_.find(name); found != opened_.end()) return found->second;
  try {
    const LoadedPlugin& loaded = opened_.emplace(std::string(name), load(name, kinds)).first->second;
    if (says_remarks_) say_once(loaded.remark);
    return loaded;
  } catch (const Error& error) {
    throw Error(message("{}: {}", {where, error.what()}), error.code());
  }
}

LoadedPlugin Registry::load(std::string_view name, std::span<const Kind> kinds) const {
  const PluginFile& file = file_called(name, files_, folders_, kinds);
  check_stamp(file);
  check_beginning(file);
  boost::dll::shared_library library;
  boost::dll::fs::error_code error;
  library.load(boost::dll::fs::path(file.path.string()),
               boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, error);
  if (error) {
    const char* reason = dlerror();
    throw Error(message("{} does not load: {}", {file.path.string(), reason ? reason : error.message()}),
                kPluginRefused);
  }
  check_arithmetic(file);
  auto& entry = library.get<const PluginEntry*()>(entry_symbol());
  LoadedPlugin loaded{file, sha256_file(file.path), entry()};
  check_defaults(loaded);
  loaded.remark = remark_on(file, loaded.entry->kind);
  // Objects and exceptions of a plugin may outlive every handle to it, so it is never unloaded.
  static auto* kept = new std::vector<boost::dll::shared_library>;
  kept->push_back(std::move(library));
  return loaded;
}

std::unique_ptr<Plugin> make_object(std::string_view name, const PluginEntry& entry) {
  std::string plugin(name);
  AtWork work({plugin.c_str(), plugin.c_str()});
  try {
    return std::unique_ptr<Plugin>(entry.make());
  } catch (const std::exception& error) {
    throw Error(message("plugin '{}' cannot be made: {}", {name, error.what()}), kPluginRefused);
  } catch (...) {
    throw Error(message("plugin '{}' cannot be made: {}", {name, words_for_foreign_exception()}),
                kPluginRefused);
  }
}

std::unique_ptr<Plugin> Registry::make(std::string_view name, Kind kind, std::string_view where) {
  const PluginEntry* entry = open(name, where, {&kind, 1}).entry;
  if (entry->kind != kind)
    fail_usage("{}: plugin '{}' is of kind {}; wanted one of kind {}", where, name, name_of(entry->kind),
               name_of(kind));
  return make_object(name, *entry);
}

std::vector<const LoadedPlugin*> Registry::opened() const {
  std::lock_guard lock(mutex_);
  std::vector<const LoadedPlugin*> all;
  for (const auto& [name, plugin] : opened_) all.push_back(&plugin);
  return all;
}

}  // namespace caddie
