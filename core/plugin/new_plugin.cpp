// SPDX-License-Identifier: Apache-2.0
// A template is a plugin called new_plugin, of the struct NewPlugin; these words give way to those of the new
// one.
#include "plugin/new_plugin.h"

#include <cctype>
#include <regex>

#include "base/files.h"
#include "plugin/toolchain.h"

namespace caddie {
namespace {

std::string replaced(std::string text, std::string_view word, std::string_view by) {
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += by.size())
    text.replace(at, word.size(), by);
  return text;
}

/// Tells whether a header of the SDK declares a type of that name.
bool is_taken(const std::string& type) {
  std::regex declared("(struct|class|using) (CADDIE_API )?" + type + "\\b");
  for (const auto& entry : entries_of(toolchain().include / "caddie"))
    if (entry.path().extension() == ".h" && std::regex_search(read_file(entry.path()), declared)) return true;
  return false;
}

}  // namespace

std::string struct_of(const std::string& name) {
  std::string type;
  bool begins = true;
  for (char c : name) {
    if (c != '_') type += begins ? char(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '_';
  }
  return is_taken(type) ? type + "Plugin" : type;
}

std::string text_of_templates() { return (toolchain().include / "caddie/*.h").string(); }

std::vector<NewFile> new_plugin(Kind kind, const std::string& name) {
  const std::filesystem::path& folder = toolchain().templates;
  std::string kind_name(name_of(kind)), type = struct_of(name);
  auto filled = [&](const std::string& file) {
    std::string text = replaced(read_file(folder / file), "new_plugin", name);
    text = replaced(std::move(text), "the_program", std::filesystem::read_symlink("/proc/self/exe").string());
    text = replaced(std::move(text), "the_text", text_of_templates());
    return replaced(std::move(text), "NewPlugin", type);
  };
  std::string test = std::filesystem::exists(folder / (kind_name + ".sh")) ? kind_name + ".sh" : "test.sh";
  return {{name + ".cpp", filled(kind_name + ".cpp")},
          {name + "_test.sh", filled(test)},
          {name + ".toml", filled("experiment.toml") + "\n" + filled(kind_name + ".toml")},
          {"small.toml", filled("small.toml"), true}};
}

}  // namespace caddie
