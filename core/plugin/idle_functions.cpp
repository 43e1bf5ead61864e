// SPDX-License-Identifier: Apache-2.0
// Holds the functions of a plugin's struct against those that its bases declare, all of them read as text.
#include "plugin/idle_functions.h"

#include <caddie/error.h>

#include <algorithm>
#include <map>
#include <regex>

#include "base/files.h"
#include "base/text.h"
#include "plugin/source_text.h"

namespace caddie {
namespace {

/// Holds what is called of a plugin from outside, and the slot that declares it.
struct Hooks {
  std::string slot;
  std::vector<std::string> names;
  std::map<std::string, std::string> declarations;  // by name
};

using Structs = std::map<std::string, DeclaredStruct>;

void add_structs(const std::string& code, Structs& to) {
  for (DeclaredStruct& found : declared_structs(code)) to.emplace(found.name, std::move(found));
}

/// Collects the hooks of a struct from its bases on; its slot is empty when it is no plugin.
Hooks hooks_of(const DeclaredStruct& plugin, const Structs& structs) {
  Hooks hooks;
  std::string name = plugin.base;
  for (auto base = structs.find(name); base != structs.end(); base = structs.find(name)) {
    for (const DeclaredFunction& function : base->second.functions)
      if (function.is_virtual && hooks.declarations.emplace(function.name, function.declaration).second)
        hooks.names.push_back(function.name);
    if (base->second.base == "Plugin") hooks.slot = base->first;
    name = base->second.base;
  }
  return hooks;
}

int mentions(const std::string& code, const std::string& name) {
  std::regex word("\\b" + name + "\\b");
  return int(std::distance(std::sregex_iterator(code.begin(), code.end(), word), std::sregex_iterator()));
}

std::string advice(const std::string& name, const Hooks& hooks) {
  std::string near = nearest(name, hooks.names);
  if (near.empty()) return "its hooks are " + join(hooks.names, ", ");
  return "did you mean \"" + hooks.declarations.at(near) + "\"?";
}

}  // namespace

std::vector<std::string> idle_functions(const std::filesystem::path& source,
                                        const std::filesystem::path& headers) {
  // The struct Plugin has no base itself; one is written in front of it so that it is read like the others.
  Structs structs;
  for (const auto& entry : entries_of(headers / "caddie"))
    if (entry.path().extension() == ".h")
      add_structs(
          std::regex_replace(code_of(read_file(entry.path())), std::regex("struct CADDIE_API Plugin \\{"),
                             "struct CADDIE_API Plugin : Nothing {"),
          structs);
  std::string all = code_of(text_with_headers(source));
  add_structs(all, structs);
  std::vector<std::string> idle;
  for (const DeclaredStruct& plugin : declared_structs(code_of(read_file(source)))) {
    Hooks hooks = hooks_of(plugin, structs);
    if (hooks.slot.empty()) continue;
    for (const DeclaredFunction& function : plugin.functions) {
      if (function.overrides || hooks.declarations.count(function.name) || mentions(all, function.name) > 1)
        continue;
      idle.push_back(
          message("{}:{}: {}() overrides no hook of {}, and nothing calls it; {}",
                  {source.string(), function.line, function.name, hooks.slot, advice(function.name, hooks)}));
    }
  }
  return idle;
}

}  // namespace caddie
