// SPDX-License-Identifier: Apache-2.0
// A template is a plugin called new_plugin, of the struct NewPlugin; these words give way to those of the new
// one.
#include "plugin/new_plugin.h"

#include <caddie/error.h>

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

/// Returns what switches a plugin on and off in a sweep, where its slot can do without it.
std::string toggle_of(const Slot& slot, const std::string& name) {
  if (slot.path == kTechniques) return name;
  return slot.count == Slot::Count::kMany ? std::string(slot.path) + "." + name : std::string(slot.path);
}

/// Returns the verb and the arguments that rewrite the text of the templates with a text transform.
std::string preparation(const std::string& name) {
  return message(
      "data prepare --text '{}' --vocab 512 --validation-fraction 0.1 --transform {} --output data/{}",
      {text_of_templates(), name, name});
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

std::vector<std::string> next_steps(Kind kind, const std::string& name) {
  std::vector<std::string> steps = {"caddie plugin build " + name + ".cpp", "caddie plugin test " + name};
  if (kind == Kind::kTextTransform) steps.push_back("caddie " + preparation(name));
  steps.push_back("caddie run " + name + ".toml");
  steps.push_back("caddie sweep " + name + "_sweep.toml");
  return steps;
}

std::string text_of_templates() { return (toolchain().include / "caddie/*.h").string(); }

std::vector<NewFile> new_plugin(Kind kind, const std::string& name) {
  const std::filesystem::path& folder = toolchain().templates;
  std::string kind_name(name_of(kind)), type = struct_of(name);
  auto filled = [&](const std::string& file) {
    std::string text = replaced(read_file(folder / file), "new_plugin", name);
    text = replaced(std::move(text), "the_program", std::filesystem::read_symlink("/proc/self/exe").string());
    text = replaced(std::move(text), "the_preparation", preparation(name));
    return replaced(std::move(text), "NewPlugin", type);
  };
  std::string test = std::filesystem::exists(folder / (kind_name + ".sh")) ? kind_name + ".sh" : "test.sh";
  std::string axis = kind_name + "_axis.toml";
  axis = std::filesystem::exists(folder / axis)
             ? filled(axis)
             : "[[axis]]\ntoggle = \"" + toggle_of(slot_of(kind), name) + "\"\n";
  return {{name + ".cpp", filled(kind_name + ".cpp")},
          {name + "_test.sh", filled(test)},
          {name + ".toml", filled("experiment.toml") + "\n" + filled(kind_name + ".toml")},
          {name + "_sweep.toml", filled("sweep.toml") + "\n" + axis},
          {"small.toml", filled("small.toml"), true}};
}

}  // namespace caddie
