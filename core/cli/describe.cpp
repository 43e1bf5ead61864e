// SPDX-License-Identifier: Apache-2.0
// caddie describe [NAME] says what a section of an experiment or a sweep, a plugin, a metric or a column
// means.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

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

void print_all(const Registry& registry, bool as_json) {
  Json all = Json::array();
  std::string_view kind;
  for (const Topic& topic : reference()) {
    if (as_json) {
      all.push_back(json_of(topic));
      continue;
    }
    if (kind != name_of(topic.kind)) fmt::print("{}{}\n", kind.empty() ? "" : "\n", name_of(topic.kind));
    kind = name_of(topic.kind);
    fmt::print("  {:<20} {}\n", topic.name, topic.help);
  }
  if (!as_json) fmt::print("\nplugin\n");
  for (const PluginFile& file : registry.files()) {
    if (as_json)
      all.push_back({{"name", file.name}, {"kind", "plugin"}, {"of", kind_of(file)}});
    else
      fmt::print("  {:<20} {}\n", file.name, kind_of(file));
  }
  if (as_json) fmt::print("{}\n", text_of(all, 2));
}

void print(const Topic& topic) {
  fmt::print("{} ({})\n  {}\n", topic.name, name_of(topic.kind), topic.help);
  for (const auto& [name, text] : topic.facts) fmt::print("  {:<9} {}\n", name, text);
  for (const SettingInfo& setting : topic.settings) fmt::print("  {}\n", line_of(setting));
}

[[noreturn]] void fail_unknown(const std::string& name, const Registry& registry) {
  std::vector<std::string> known;
  for (const Topic& topic : reference()) known.push_back(topic.name);
  for (const PluginFile& file : registry.files()) known.push_back(file.name);
  fail_usage("'{}' is no section, plugin, metric or column{}; caddie describe lists them all", name,
             suggestion(name, known));
}

/// Several things may have the same name; all of them are described.
void describe_verb(const DescribeArguments& arguments) {
  Registry registry;
  if (arguments.name.empty()) return print_all(registry, arguments.json);
  std::vector<Topic> topics = topics_called(arguments.name);
  Json all = Json::array();
  for (const Topic& topic : topics) {
    if (arguments.json)
      all.push_back(json_of(topic));
    else
      print(topic);
  }
  const std::vector<PluginFile>& files = registry.files();
  if (std::any_of(files.begin(), files.end(),
                  [&](const PluginFile& file) { return file.name == arguments.name; })) {
    PluginDescription description = describe_plugin(registry, arguments.name, "caddie describe");
    if (arguments.json)
      all.push_back(json_of(description));
    else
      fmt::print("{}", text_of(description));
  } else if (topics.empty()) {
    fail_unknown(arguments.name, registry);
  }
  if (arguments.json) fmt::print("{}\n", text_of(all, 2));
}

}  // namespace

void add_describe_command(CLI::App& app) {
  auto arguments = std::make_shared<DescribeArguments>();
  CLI::App* verb =
      app.add_subcommand("describe", "what a section, a plugin, a metric or a column of a table means");
  verb->add_option("name", arguments->name, "one of them; by default the list of what can be described");
  verb->add_flag("--json", arguments->json, "print JSON");
  verb->callback([arguments] { describe_verb(*arguments); });
}

}  // namespace caddie
