// SPDX-License-Identifier: Apache-2.0
// caddie ls: the runs below results/, found through their index.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "config/tree.h"
#include "report/table.h"
#include "results/index.h"
#include "results/metrics.h"
#include "results/run_folder.h"
#include "sweep/expression.h"
#include "sweep/run_state.h"

namespace caddie {
namespace {

// A technique's name alone, in a condition, stands for its switch.
const std::string kTechniques = "techniques.", kEnabled = ".enabled";

struct ListArguments {
  std::filesystem::path folder = "results";
  std::string where, sort;
  bool json = false;
};

void add_members(const Json& json, const std::string& path, RunValues& values) {
  for (const auto& [name, member] : json.items()) {
    std::string full = path.empty() ? name : path + "." + name;
    if (member.is_object())
      add_members(member, full, values);
    else if (member.is_number())
      values[full] = member.get<double>();
    else if (member.is_boolean())
      values[full] = member.get<bool>();
    else if (member.is_string())
      values[full] = member.get<std::string>();
  }
}

/// Settings by path, results and provenance by name.
RunValues remembered(const std::filesystem::path& folder) {
  RunValues values;
  if (std::filesystem::exists(folder / "resolved.toml")) {
    Tree tree = Tree::parse(read_file(folder / "resolved.toml"), (folder / "resolved.toml").string());
    for (const std::string& name : tree.children("")) tree.read_text(name);
    for (const Tree::Value& value : tree.values()) values[value.path] = value_of_toml(value.text);
  }
  RunFolder run(folder);
  for (const char* file : {"run.json", "summary.json"})
    if (std::optional<Json> json = run.read_json(file)) add_members(*json, "", values);
  return values;
}

/// A run that goes on now is seen by its lock, which no file tells of.
std::string status_of(const RunIndex& index, const std::filesystem::path& folder) {
  if (FileLock::is_held(folder / kRunLock)) return std::string(name_of(RunStatus::running));
  if (std::optional<RunValue> status = index.value(folder, "status")) return std::get<std::string>(*status);
  bool begun = std::filesystem::exists(folder / kRunLock);
  return std::string(name_of(begun ? RunStatus::lost : RunStatus::planned));
}

/// Throws unless some run knows `name`, as it stands or as a technique, or will when it is done.
void check_known(const RunIndex& index, const std::string& name, const char* option) {
  std::set<std::string> known = {"folder", "status", "fail_reason", "effect_check", "under_cap"};
  for (const Metric* metric : metrics())
    if (metric->places.summary) known.insert(metric->name);
  for (const std::filesystem::path& folder : index.runs())
    for (const auto& [path, value] : index.values(folder)) {
      known.insert(path);
      if (path.starts_with(kTechniques) && path.ends_with(kEnabled))
        known.insert(path.substr(kTechniques.size(), path.size() - kTechniques.size() - kEnabled.size()));
    }
  if (known.contains(name) || index.runs().empty()) return;
  std::string near = nearest(name, std::vector(known.begin(), known.end()));
  fail_usage("{}: no run has a value '{}'; {}", option, name,
             near.empty() ? "caddie ls --json shows what they have" : "did you mean '" + near + "'?");
}

std::string cell(const RunValues& values, const std::string& name, const char* format) {
  auto found = values.find(name);
  if (found == values.end()) return "";
  if (const auto* number = std::get_if<double>(&found->second))
    return fmt::format(fmt::runtime(format), *number);
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  return std::get<bool>(found->second) ? "true" : "false";
}

std::vector<RunValues> find_runs(const ListArguments& arguments) {
  if (!std::filesystem::is_directory(arguments.folder))
    fail_usage("{}: there is no such folder", arguments.folder.string());
  RunIndex index(arguments.folder, remembered);
  std::optional<Expression> condition;
  if (!arguments.where.empty()) condition.emplace(arguments.where, "--where");
  std::set<std::string> found, missing;  // names in the condition
  std::vector<RunValues> runs;
  for (const std::filesystem::path& folder : index.runs()) {
    std::string status = status_of(index, folder);
    auto lookup = [&](const std::string& name) -> std::optional<RunValue> {
      if (name == "status") return status;
      if (name == "folder") return folder.string();
      std::optional<RunValue> value = index.value(folder, name);
      if (!value) value = index.value(folder, kTechniques + name + kEnabled);
      (value ? found : missing).insert(name);
      return value;
    };
    if (condition && !condition->holds(lookup)) continue;
    runs.push_back(index.values(folder));
    runs.back()["status"] = status;
    runs.back()["folder"] = folder.string();
  }
  for (const std::string& name : missing)
    if (!found.contains(name)) check_known(index, name, "--where");
  if (!arguments.sort.empty()) {
    check_known(index, arguments.sort, "--sort");
    std::stable_sort(runs.begin(), runs.end(), [&](const RunValues& a, const RunValues& b) {
      auto x = a.find(arguments.sort), y = b.find(arguments.sort);
      if (x == a.end() || y == b.end()) return x != a.end();
      return x->second < y->second;
    });
  }
  return runs;
}

void list_verb(const ListArguments& arguments) {
  std::vector<RunValues> runs = find_runs(arguments);
  if (arguments.json) {
    Json json = Json::array();
    for (const RunValues& values : runs) {
      Json object = Json::object();
      for (const auto& [name, value] : values) std::visit([&](const auto& v) { object[name] = v; }, value);
      json.push_back(std::move(object));
    }
    fmt::print("{}\n", json.dump(2));
    return;
  }
  TextTable table{{"folder", "status", "seed", kBpb.name, "bytes", "started"}, {}, "llrrrl"};
  for (const RunValues& values : runs)
    table.rows.push_back({cell(values, "folder", "{}"), cell(values, "status", "{}"),
                          cell(values, "seed", "{:.0f}"), cell(values, kBpb.name, "{:.5f}"),
                          cell(values, kArtifactBytes.name, "{:.0f}"), cell(values, "started_at", "{}")});
  fmt::print("{}", table.terminal());
}

}  // namespace

void add_ls_command(CLI::App& app) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App* verb = app.add_subcommand("ls", "the runs below results/");
  verb->add_option("folder", arguments->folder, "where to look")->capture_default_str();
  verb->add_option("--where", arguments->where,
                   "only where this holds, e.g. 'val_bpb < 1.2 and model.dim == 384 and status == \"done\"'");
  verb->add_option("--sort", arguments->sort, "by this value, smallest first");
  verb->add_flag("--json", arguments->json, "everything known of each run, as JSON");
  verb->callback([arguments] { list_verb(*arguments); });
}

}  // namespace caddie
