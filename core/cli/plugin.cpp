// SPDX-License-Identifier: Apache-2.0
// caddie plugin list and caddie plugin describe NAME say what techniques there are, and what each takes and
// does.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "cli/verbs.h"
#include "experiment/plugin_description.h"
#include "plugin/registry.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

std::string state_of(const PluginFile& file) {
  try {
    std::string sdk = sdk_of(file);
    if (sdk == sdk_of_this_program()) return "ok";
    return sdk.empty() ? "refused: no entry symbol" : "refused: built for SDK " + sdk;
  } catch (const Error& error) {
    return std::string("refused: ") + error.what();
  }
}

void list_plugins(bool json) {
  Registry registry;
  Json all = Json::array();
  for (const PluginFile& file : registry.files()) {
    std::string kind = file.path.parent_path().filename().string(), state = state_of(file);
    if (json)
      all.push_back({{"name", file.name}, {"kind", kind}, {"path", file.path.string()}, {"state", state}});
    else
      tell("{:<14} {:<22} {}\n", kind, file.name, state);
  }
  if (json) tell("{}\n", text_of(all, 2));
}

}  // namespace

void add_plugin_command(CLI::App& app) {
  CLI::App* plugin = app.add_subcommand("plugin", "what techniques there are, and what each takes and does");
  plugin->require_subcommand(1);
  auto json = std::make_shared<bool>(false);
  auto name = std::make_shared<std::string>();

  CLI::App* list = plugin->add_subcommand("list", "every plugin: kind, name, whether it fits this program");
  list->add_flag("--json", *json, "print JSON");
  list->callback([json] { list_plugins(*json); });

  add_plugin_test_command(*plugin);

  CLI::App* one = plugin->add_subcommand("describe", "settings, source, sites and weights of one plugin");
  one->add_option("name", *name, "plugin")->required();
  one->add_flag("--json", *json, "print JSON");
  one->callback([json, name] {
    Registry registry;
    PluginDescription description = describe_plugin(registry, *name, "caddie plugin describe");
    tell("{}", *json ? text_of(json_of(description), 2) + "\n" : text_of(description));
  });
}

}  // namespace caddie
