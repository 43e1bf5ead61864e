// SPDX-License-Identifier: Apache-2.0
// A note is the JSON file <library>.json. Of libraries without one, those of this program's own build are
// held against their sources by time, as the build does.
#include "plugin/build_note.h"

#include <caddie/error.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/registry.h"
#include "plugin/toolchain.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByCMake = "cmake --build ";  // what builds begin with that are not this program's

fs::path note_path(const fs::path& library) { return library.string() + ".json"; }

/// Returns the source of a plugin of this program's own build, where there is one. An installation without a
/// note of its compiler has none.
fs::path source_in_tree(const fs::path& library) {
  std::error_code error;
  fs::path folder = library.parent_path();
  if (!fs::equivalent(folder.parent_path(), Registry::own_folder(), error) || error) return {};
  try {
    const fs::path& sources = toolchain().sources;
    if (sources.empty()) return {};
    return sources / folder.filename() / library.filename().replace_extension(".cpp");
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::optional<BuildNote> note_beside(const fs::path& library) {
  if (!fs::exists(note_path(library))) return std::nullopt;
  try {
    Json told = Json::parse(read_file(note_path(library)));
    BuildNote note{told.at("source"), told.at("command"), told.at("inputs"), told.at("library")};
    if (note.library == sha256_file(library)) return note;
  } catch (const Json::exception&) {  // It is the note of another program.
  }
  return std::nullopt;
}

void write_note(const BuildNote& note, const fs::path& library) {
  Json json = {
      {"source", note.source}, {"command", note.command}, {"inputs", note.inputs}, {"library", note.library}};
  write_file(note_path(library), text_of(json, 2) + "\n");
}

void remove_noted(const fs::path& library) {
  if (!fs::exists(note_path(library))) return;
  fs::remove(library);
  fs::remove(note_path(library));
}

bool is_fresh(const BuildNote& note) {
  return std::all_of(note.inputs.begin(), note.inputs.end(), [](const auto& input) {
    return fs::is_regular_file(input.first) && sha256_file(input.first) == input.second;
  });
}

fs::path source_of(const fs::path& library) {
  if (std::optional<BuildNote> note = note_beside(library)) return note->source;
  fs::path source = source_in_tree(library);
  return fs::exists(source) ? source : fs::path();
}

std::string staleness(const fs::path& library) {
  if (std::optional<BuildNote> note = note_beside(library)) {
    bool by_cmake = note->command.starts_with(kByCMake);
    if (!fs::exists(note->source))
      return message("its source {} is gone; remove the library, or name the source's new place to {}",
                     {note->source, by_cmake ? "caddie_add_plugin()" : "'caddie plugin build'"});
    if (is_fresh(*note)) return "";
    return message("its source was changed since it was built; {}",
                   {by_cmake ? note->command : "caddie plugin build " + note->source});
  }
  fs::path source = source_in_tree(library);
  if (source.empty() || !fs::exists(source)) return "";
  if (fs::last_write_time(source) <= fs::last_write_time(library)) return "";
  return message("its source is newer; caddie plugin build {}", {source.string()});
}

}  // namespace caddie
