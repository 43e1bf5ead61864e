// SPDX-License-Identifier: Apache-2.0
// caddie plugin list and caddie plugin describe NAME say what techniques there are, and what each takes, does
// and costs; the other verbs about plugins stand in files of their names.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "base/console.h"
#include "base/json.h"
#include "cli/verbs.h"
#include "experiment/plugin_description.h"
#include "laws/cost.h"
#include "plugin/registry.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

/// Says of one plugin what it is and whether it can be used.
struct ListedPlugin {
  PluginFile file;
  std::string kind;     // the kind, or where it cannot be opened that of its folder
  std::string state;    // "ok", "ok, but" what its user should know, or "refused:" and why
  std::string summary;  // of its card; "" where it cannot be opened
};

ListedPlugin listed(Registry& registry, const PluginFile& file) {
  std::string folder = file.path.parent_path().filename();
  try {
    const LoadedPlugin& loaded = registry.open(file.name, "plugin list");
    std::string state = loaded.remark.empty() ? "ok" : "ok, but " + loaded.remark;
    return {file, std::string(name_of(loaded.entry->kind)), state, loaded.entry->card.summary};
  } catch (const Error& error) {
    std::string kind = is_kind_folder(folder) ? folder.substr(0, folder.size() - 1) : "unknown";
    return {file, kind, std::string("refused: ") + error.what(), ""};
  }
}

void list_plugins(bool json) {
  Registry registry;
  registry.keep_remarks();
  std::vector<ListedPlugin> plugins;
  for (const PluginFile& file : registry.files()) plugins.push_back(listed(registry, file));
  std::stable_sort(plugins.begin(), plugins.end(),
                   [](const ListedPlugin& a, const ListedPlugin& b) { return a.kind < b.kind; });
  Json all = Json::array();
  for (const auto& [file, kind, state, summary] : plugins) {
    if (json)
      all.push_back({{"name", file.name},
                     {"kind", kind},
                     {"path", file.path.string()},
                     {"state", state},
                     {"summary", summary}});
    else
      tell("{:<14} {:<22} {}\n", kind, file.name, state == "ok" ? "ok: " + summary : state);
  }
  if (json) tell("{}\n", text_of(all, 2));
}

void describe_verb(const std::string& name, bool json, bool cost) {
  Registry registry;
  PluginDescription description = describe_plugin(registry, name, "caddie plugin describe");
  std::vector<Cost> costs;
  if (cost) costs = costs_of(Subject(registry, name));
  if (!json) {
    tell("{}{}", text_of(description), text_of(costs));
    return;
  }
  Json all = json_of(description);
  if (cost) all["costs"] = json_of(costs);
  tell("{}\n", text_of(all, 2));
}

}  // namespace

void add_plugin_command(CLI::App& app) {
  CLI::App* plugin = app.add_subcommand("plugin", "techniques: write one, build it, list all, describe one");
  plugin->require_subcommand(1);
  auto json = std::make_shared<bool>(false);
  auto cost = std::make_shared<bool>(false);
  auto name = std::make_shared<std::string>();

  CLI::App* list = plugin->add_subcommand(
      "list", "every plugin: kind, name, whether it fits this program, and what it is");
  list->add_flag("--json", *json, "print JSON");
  list->callback([json] { list_plugins(*json); });

  add_plugin_new_command(*plugin);
  add_plugin_build_command(*plugin);
  add_plugin_test_command(*plugin);

  CLI::App* one = plugin->add_subcommand("describe", "settings, source, sites and weights of one plugin");
  one->add_option("name", *name, "plugin")->required();
  one->add_flag("--json", *json, "print JSON");
  one->add_flag("--cost", *cost, "measure what a small training takes with it and without, in turn");
  one->callback([json, cost, name] { describe_verb(*name, *json, *cost); });
}

}  // namespace caddie
