// SPDX-License-Identifier: Apache-2.0
// Compiles in a folder for the occasion, and moves what was made when that is known to be a plugin.
#include "plugin/build.h"

#include <algorithm>
#include <vector>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "plugin/build_note.h"
#include "plugin/compile.h"
#include "plugin/idle_functions.h"
#include "plugin/toolchain.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSourceOfTemplates = "fill in";

/// Throws Error when a plugin of that name lies elsewhere than below `folder`.
void check_no_other(const std::string& name, const fs::path& source, const fs::path& folder) {
  Registry registry;
  for (const PluginFile& file : registry.files()) {
    fs::path other = fs::weakly_canonical(file.path.parent_path());
    fs::path own = fs::weakly_canonical(folder);
    if (file.name == name && other != own && other.parent_path() != own)
      throw Error(message("there is a plugin '{}' already: {}; give {} another name",
                          {name, file.path.string(), source.string()}),
                  kPluginRefused);
  }
}

/// Returns the library of that name below a folder; empty where there is none.
fs::path library_below(const fs::path& folder, const std::string& name) {
  Registry registry({folder});
  for (const PluginFile& file : registry.files())
    if (file.name == name) return file.path;
  return {};
}

/// Returns the folder of the source's kind in the source tree of this program, where the source lies in it.
fs::path folder_in_tree(const fs::path& source) {
  const fs::path& sources = toolchain().sources;
  if (sources.empty()) return {};
  fs::path folder = fs::weakly_canonical(source).parent_path();
  return folder.parent_path() == fs::weakly_canonical(sources) ? folder.filename() : fs::path();
}

/// Returns what to say of a source in the folder of another kind.
std::string warning_about_folder(const fs::path& source, Kind kind) {
  std::string folder = fs::absolute(source).parent_path().filename();
  if (!is_kind_folder(folder) || folder == folder_of_kind(kind)) return "";
  return message("{} is of kind {} and lies in the folder of {}; its place is {}/",
                 {source.string(), name_of(kind), folder, folder_of_kind(kind)});
}

/// Opens a library that was made in a folder for the occasion. Errors name its source in its place.
const PluginEntry& opened(const fs::path& library, const fs::path& source) {
  Registry registry({library.parent_path()});
  try {
    return *registry.open(std::string(library.stem()), "caddie plugin build").entry;
  } catch (const Error& error) {
    std::string text = error.what();
    if (size_t at = text.find(library.string()); at != std::string::npos)
      text.replace(at, library.string().size(), source.string());
    throw Error(text, error.code());
  }
}

}  // namespace

void check_plugin_name(const std::string& name, const std::string& where) {
  bool right = !name.empty() && std::islower(static_cast<unsigned char>(name[0])) &&
               std::all_of(name.begin(), name.end(),
                           [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
  if (!right)
    fail_usage(
        "{}: '{}' cannot be the name of a plugin; a word of small letters, digits and '_' can, such "
        "as my_gain",
        where, printable(name));
}

std::vector<std::string> warnings_about(const fs::path& source, const PluginEntry& entry) {
  std::vector<std::string> warnings = idle_functions(source, toolchain().include);
  if (std::string folder = warning_about_folder(source, entry.kind); !folder.empty())
    warnings.push_back(folder);
  if (std::string_view(entry.card.source) == kSourceOfTemplates)
    warnings.push_back(
        message("{}: its card says .source = \"{}\"; name the paper, or the repository and file, "
                "that it follows",
                {source.string(), kSourceOfTemplates}));
  return warnings;
}

BuiltPlugin build_plugin(const fs::path& source, const fs::path& folder) {
  if (std::string why = why_no_file(source); !why.empty()) fail_usage("{}: {}", source.string(), why);
  if (source.extension() != ".cpp") fail_usage("{}: a plugin's source is called NAME.cpp", source.string());
  std::string name = source.stem();
  check_plugin_name(name, source.string());
  fs::path kind_in_tree = folder_in_tree(source);
  fs::path target = kind_in_tree.empty() ? folder : Registry::own_folder();
  check_no_other(name, source, target);

  CompileCommands commands = commands_for(source);
  fs::path old = library_below(target, name);
  std::optional<BuildNote> note = old.empty() ? std::nullopt : note_beside(old);
  std::string absolute = fs::absolute(source).lexically_normal().string();
  if (note && note->source == absolute && note->command == commands.text() && is_fresh(*note)) {
    const PluginEntry& entry = *Registry({target}).open(name, source.string()).entry;
    return {{name, old}, entry.kind, true, warnings_about(source, entry)};
  }

  ScratchFolder work(name);
  std::string hash = sha256_file(source);  // taken first, for the source may be changed meanwhile
  CompiledPlugin made = compile(commands, source, work);
  const PluginEntry& entry = opened(made.library, source);
  fs::path library =
      target / (kind_in_tree.empty() ? fs::path(folder_of_kind(entry.kind)) : kind_in_tree) / (name + ".so");
  BuildNote now{absolute, commands.text(), {}, sha256_file(made.library)};
  for (const fs::path& input : made.inputs)
    now.inputs[fs::absolute(input).lexically_normal().string()] = sha256_file(input);
  now.inputs[absolute] = hash;
  if (!old.empty() && old != library) remove_noted(old);  // It was of another kind.
  write_file(library, read_file(made.library));
  write_note(now, library);
  return {{name, library}, entry.kind, false, warnings_about(source, entry)};
}

}  // namespace caddie
