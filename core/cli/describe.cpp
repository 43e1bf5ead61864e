// SPDX-License-Identifier: Apache-2.0
// caddie describe [NAME] says what a section of an experiment or a sweep, a plugin, a metric or a column
// means.
#include <caddie/error.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "experiment/plugin_description.h"
#include "report/reference.h"

namespace caddie {
namespace {

struct DescribeArguments {
  std::string name;
  bool json = false;
};

std::string kind_of(const PluginFile& file) { return file.path.parent_path().filename().string(); }

Json json_of_all(const Registry& registry) {
  Json all = Json::array();
  for (const Topic& topic : reference()) all.push_back(json_of(topic));
  for (const PluginFile& file : registry.files())
    all.push_back({{"name", file.name}, {"kind", "plugin"}, {"of", kind_of(file)}});
  return all;
}

void print_all(const Registry& registry) {
  std::string_view kind;
  for (const Topic& topic : reference()) {
    if (kind != name_of(topic.kind)) tell("{}{}\n", kind.empty() ? "" : "\n", name_of(topic.kind));
    kind = name_of(topic.kind);
    tell("  {:<20} {}\n", topic.name, topic.help);
  }
  tell("\nplugin\n");
  for (const PluginFile& file : registry.files()) tell("  {:<20} {}\n", file.name, kind_of(file));
}

void print(const Topic& topic) {
  tell("{} ({})\n  {}\n", topic.name, name_of(topic.kind), topic.help);
  for (const auto& [name, text] : topic.facts) tell("  {:<9} {}\n", name, text);
  for (const SettingInfo& setting : topic.settings) tell("  {}\n", line_of(setting));
}

[[noreturn]] void fail_unknown(const std::string& name, const Registry& registry) {
  std::vector<std::string> known;
  for (const Topic& topic : reference()) known.push_back(topic.name);
  for (const PluginFile& file : registry.files()) known.push_back(file.name);
  fail_usage("'{}' is no section, plugin, metric or column{}; caddie describe lists them all", name,
             suggestion(name, known));
}

/// Holds all that a name stands for.
struct Described {
  std::vector<Topic> topics;
  std::optional<PluginDescription> plugin;
};

Described find_described(const std::string& name, Registry& registry) {
  Described found{topics_called(name), {}};
  const std::vector<PluginFile>& files = registry.files();
  if (std::any_of(files.begin(), files.end(), [&](const PluginFile& file) { return file.name == name; }))
    found.plugin = describe_plugin(registry, name, "caddie describe");
  else if (found.topics.empty())
    fail_unknown(name, registry);
  return found;
}

Json json_of(const Described& found) {
  Json all = Json::array();
  for (const Topic& topic : found.topics) all.push_back(json_of(topic));
  if (found.plugin) all.push_back(json_of(*found.plugin));
  return all;
}

void print(const Described& found) {
  for (const Topic& topic : found.topics) print(topic);
  if (found.plugin) tell("{}", text_of(*found.plugin));
}

void describe_verb(const DescribeArguments& arguments) {
  Registry registry;
  if (arguments.name.empty() && !arguments.json) return print_all(registry);
  if (arguments.name.empty()) return tell("{}\n", text_of(json_of_all(registry), 2));
  Described found = find_described(arguments.name, registry);
  if (arguments.json) return tell("{}\n", text_of(json_of(found), 2));
  print(found);
}

}  // namespace

void add_describe_command(CLI::App& app) {
  auto arguments = std::make_shared<DescribeArguments>();
  CLI::App* verb =
      app.add_subcommand("describe", "what a section, a plugin, a metric or a column of a table means");
  verb->add_option("name", arguments->name,
                   "what to describe; by default all that can be described is listed");
  verb->add_flag("--json", arguments->json, "print JSON");
  verb->callback([arguments] { describe_verb(*arguments); });
}

}  // namespace caddie
