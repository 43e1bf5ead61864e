// SPDX-License-Identifier: Apache-2.0
// caddie plugin test NAME holds plugins to the laws of their kind.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "laws/apart.h"
#include "laws/looks.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

constexpr double kMostSeconds = 60;  // for one law

struct PluginTest {
  std::vector<std::string> names, settings;
  std::string kind;
  bool json = false, hash = false;
};

/// Returns the plugins that are named, or all of the kind that is.
std::vector<std::string> chosen_plugins(Registry& registry, const PluginTest& wanted) {
  std::vector<std::string> names = wanted.names;
  if (wanted.kind.empty() && names.empty()) fail_usage("name a plugin, or a kind by --kind");
  if (!wanted.kind.empty() && !kind_called(wanted.kind))
    fail_usage("there is no kind '{}'{}", wanted.kind, suggestion(wanted.kind, kind_names()));
  for (const PluginFile& file : registry.files()) {
    if (!wanted.names.empty() || wanted.kind.empty()) break;
    if (name_of(registry.open(file.name, "caddie plugin test").entry->kind) == wanted.kind)
      names.push_back(file.name);
  }
  for (const std::string& name : names) {
    std::string_view kind = name_of(registry.open(name, "caddie plugin test").entry->kind);
    if (!wanted.kind.empty() && kind != wanted.kind)
      fail_usage("plugin '{}' is of kind {}, not {}", name, kind, wanted.kind);
  }
  return names;
}

const char* word_for(LawFinding::Outcome outcome) {
  switch (outcome) {
    case LawFinding::Outcome::kKept:
      return "passed";
    case LawFinding::Outcome::kBroken:
      return "FAILED";
    case LawFinding::Outcome::kDoesNotApply:
      break;
  }
  return "does not apply";
}

/// Holds one plugin to its laws, says what was found and returns how many it breaks.
int test_plugin(const Subject& subject, bool json, Json& all) {
  if (!subject.settings().empty()) subject.make<Plugin>();  // A wrong one breaks no law.
  int broken = 0;
  if (!json) tell("{} ({})\n", subject.name(), subject.slot().name);
  for (const Law* law : laws_of(subject.kind())) {
    Stopwatch clock;
    LawFinding finding = hold_apart(*law, subject, kMostSeconds);
    broken += finding.outcome == LawFinding::Outcome::kBroken;
    all.push_back({{"plugin", subject.name()},
                   {"law", law->name},
                   {"promise", law->promise},
                   {"outcome", word_for(finding.outcome)},
                   {"why", finding.why},
                   {"seconds", clock.seconds()}});
    if (json) continue;
    bool kept = finding.outcome == LawFinding::Outcome::kKept;
    tell("  {:<14} {:<17} {}\n", word_for(finding.outcome), law->name, kept ? law->promise : finding.why);
  }
  return broken;
}

void plugin_test_verb(const PluginTest& wanted) {
  Registry registry;
  std::vector<std::string> names = chosen_plugins(registry, wanted);
  if (wanted.hash) {
    for (const std::string& name : names) tell("{}\n", output_hash(Subject(registry, name, wanted.settings)));
    return;
  }
  Json all = Json::array();
  int broken = 0;
  for (const std::string& name : names)
    broken += test_plugin(Subject(registry, name, wanted.settings, "/proc/self/exe"), wanted.json, all);
  if (wanted.json) tell("{}\n", text_of(all, 2));
  if (broken > 0)
    throw Error(message("{} {} broken", {broken, broken == 1 ? "law is" : "laws are"}), kFailed);
}

}  // namespace

void add_plugin_test_command(CLI::App& plugin) {
  auto wanted = std::make_shared<PluginTest>();
  CLI::App* verb = plugin.add_subcommand("test", "hold a plugin to what all of its kind promise");
  verb->add_option("name", wanted->names, "plugins");
  verb->add_option("--kind", wanted->kind, "all plugins of a kind, such as modifier");
  verb->add_option("--set", wanted->settings, "try it with this setting, e.g. --set order=3; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_flag("--json", wanted->json, "print JSON");
  verb->add_flag("--hash", wanted->hash, "print the hash of what it makes of samples, and test nothing");
  verb->callback([wanted] { plugin_test_verb(*wanted); });
}

}  // namespace caddie
