// SPDX-License-Identifier: Apache-2.0
// caddie plugin test NAME holds plugins to the laws of their kind.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "laws/apart.h"
#include "laws/looks.h"
#include "plugin/build.h"
#include "plugin/build_note.h"
#include "plugin/sanitize.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

struct PluginTest {
  std::vector<std::string> names, settings;
  std::string kind, library;
  double seconds = 60;  // for one law
  bool json = false, hash = false, sanitize = false;
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

/// Says what is likely to be meant otherwise in the source of a plugin, where that is known.
void warn_about_source(const Subject& subject) {
  if (subject.library().empty()) return;
  std::filesystem::path source = source_of(subject.library());
  if (source.empty() || !std::filesystem::exists(source)) return;
  for (const std::string& warning : warnings_about(source, subject.entry())) say_aside("warning: " + warning);
}

/// Prints a line for each law as soon as it was looked at. What breaks several laws is told once.
class Findings {
 public:
  void tell_of(const Law& law, const LawFinding& finding) {
    std::string why = finding.why;
    if (finding.outcome == LawFinding::Outcome::kKept) {
      why = law.promise;
    } else if (auto [first, fresh] = said_.emplace(finding.why, law.name); !fresh) {
      why = message("as above, for {}", {first->second});
    }
    tell("  {:<14} {:<17} {}\n", word_for(finding.outcome), law.name, why);
    std::fflush(stdout);
  }

 private:
  std::map<std::string, std::string> said_;  // the law for which each reason was told
};

/// Holds one plugin to its laws, says what was found and returns how many it breaks.
int test_plugin(const Subject& subject, const PluginTest& wanted, Json& all) {
  if (!subject.settings().empty()) subject.make<Plugin>();  // A wrong one breaks no law.
  warn_about_source(subject);
  int broken = 0;
  Findings findings;
  if (!wanted.json) tell("{} ({})\n", subject.name(), subject.slot().name);
  for (const Law* law : laws_of(subject.kind())) {
    Stopwatch clock;
    std::fflush(stdout);  // A child would write again what is not written yet.
    LawFinding finding = hold_apart(*law, subject, wanted.seconds);
    broken += finding.outcome == LawFinding::Outcome::kBroken;
    all.push_back({{"plugin", subject.name()},
                   {"law", law->name},
                   {"promise", law->promise},
                   {"outcome", word_for(finding.outcome)},
                   {"why", finding.why},
                   {"seconds", clock.seconds()}});
    if (!wanted.json) findings.tell_of(*law, finding);
  }
  return broken;
}

/// Compiles a plugin with sanitizers, and has this program test that library in another process, in which
/// they are loaded. Returns its exit code.
int test_sanitized(const std::string& name, const PluginTest& wanted, const PluginFile& file) {
  std::filesystem::path source = source_of(file.path);
  if (source.empty() || !std::filesystem::exists(source))
    fail_usage("the source of {} is not known or gone; build it by 'caddie plugin build {}.cpp' first",
               file.path.string(), name);
  ScratchFolder work(name + "-sanitized");
  SanitizedPlugin sanitized = build_sanitized(source, work);
  std::vector<std::string> command = {"/usr/bin/env"};
  command.insert(command.end(), sanitized.environment.begin(), sanitized.environment.end());
  for (const std::string& word :
       {std::filesystem::read_symlink("/proc/self/exe").string(), std::string("plugin"), std::string("test"),
        name, std::string("--library"), sanitized.library.string(), std::string("--seconds"),
        message("{}", {wanted.seconds})})
    command.push_back(word);
  for (const std::string& setting : wanted.settings) command.insert(command.end(), {"--set", setting});
  if (wanted.json) command.emplace_back("--json");
  if (!wanted.json) tell("with AddressSanitizer and UndefinedBehaviorSanitizer: ");
  std::fflush(stdout);
  return run_program(command);
}

/// Tests plugins one after the other in processes with sanitizers.
void test_all_sanitized(Registry& registry, const std::vector<std::string>& names, const PluginTest& wanted) {
  if (wanted.json && names.size() > 1) fail_usage("--sanitize with --json takes one plugin at a time");
  std::vector<std::string> failed;
  int worst = kFine;
  for (const std::string& name : names) {
    int code = test_sanitized(name, wanted, registry.open(name, "caddie plugin test").file);
    worst = std::max(worst, code);
    if (code != kFine) failed.push_back(name);
  }
  if (worst != kFine) throw Error(message("sanitized, {} did not pass", {join(failed, ", ")}), worst);
}

void plugin_test_verb(const PluginTest& wanted) {
  Registry registry;
  if (!wanted.library.empty()) {
    if (wanted.names.size() != 1) fail_usage("--library takes one plugin");
    registry.put(wanted.names[0], wanted.library);
  }
  std::vector<std::string> names = chosen_plugins(registry, wanted);
  if (wanted.sanitize && !is_sanitized()) return test_all_sanitized(registry, names, wanted);
  if (wanted.hash) {
    for (const std::string& name : names) tell("{}\n", output_hash(Subject(registry, name, wanted.settings)));
    return;
  }
  Json all = Json::array();
  int broken = 0;
  for (const std::string& name : names)
    broken += test_plugin(Subject(registry, name, wanted.settings, "/proc/self/exe"), wanted, all);
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
  verb->add_option("--seconds", wanted->seconds, "the most seconds that looking at one law may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_flag("--sanitize", wanted->sanitize,
                 "compile its source with AddressSanitizer and UndefinedBehaviorSanitizer, and test that");
  verb->add_option("--library", wanted->library, "test this library in place of the one of that name")
      ->check(CLI::ExistingFile);
  verb->add_flag("--json", wanted->json, "print JSON");
  verb->add_flag("--hash", wanted->hash, "print the hash of what it makes of samples, and test nothing");
  verb->callback([wanted] { plugin_test_verb(*wanted); });
}

}  // namespace caddie
