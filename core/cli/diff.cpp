// SPDX-License-Identifier: Apache-2.0
// caddie diff A B: what is different about two runs. caddie ls: the runs below results/.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

#include "base/files.h"
#include "base/text.h"
#include "cli/sweep.h"
#include "report/compare_runs.h"
#include "report/table.h"
#include "results/run_folder.h"
#include "sweep/expression.h"
#include "sweep/run_state.h"

namespace caddie {
namespace {

struct DiffArguments {
  std::filesystem::path a, b;
  bool json = false;
};

void diff_verb(const DiffArguments& arguments) {
  RunDifferences found = compare_runs(arguments.a, arguments.b);
  if (arguments.json) {
    Json json = {{"a", arguments.a.string()},      {"b", arguments.b.string()}, {"settings", found.settings},
                 {"provenance", found.provenance}, {"results", found.results},  {"parting", found.parting}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  auto print = [](const char* title, const std::vector<std::string>& lines) {
    if (lines.empty()) return fmt::print("{}: the same\n", title);
    fmt::print("{}:\n", title);
    for (const std::string& line : lines) fmt::print("  {}\n", line);
  };
  print("settings", found.settings);
  print("provenance", found.provenance);
  print("results", found.results);
  fmt::print("they part in {}\n", found.parting);
}

struct ListArguments {
  std::filesystem::path folder = "results";
  std::string where, sort;
  bool json = false;
};

using Values = std::map<std::string, Expression::Value>;

void add_members(const Json& json, const std::string& path, Values& values) {
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

/// Settings by path, results and provenance by name; `status` and `folder`.
Values values_of(const std::filesystem::path& folder) {
  Values values;
  if (std::filesystem::exists(folder / "resolved.toml")) {
    Tree tree = Tree::parse(read_file(folder / "resolved.toml"), (folder / "resolved.toml").string());
    for (const std::string& name : tree.children("")) tree.read_text(name);
    for (const Tree::Value& value : tree.values()) values[value.path] = value_of_toml(value.text);
  }
  RunFolder run(folder);
  for (const char* file : {"run.json", "summary.json"})
    if (std::optional<Json> json = run.read_json(file)) add_members(*json, "", values);
  if (FileLock::is_held(folder / kRunLock)) values["status"] = std::string("running");
  values.try_emplace("status", std::string("unfinished"));
  values["folder"] = folder.string();
  return values;
}

std::string cell(const Values& values, const std::string& name, const char* format) {
  auto found = values.find(name);
  if (found == values.end()) return "";
  if (const auto* number = std::get_if<double>(&found->second))
    return fmt::format(fmt::runtime(format), *number);
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  return std::get<bool>(found->second) ? "true" : "false";
}

std::vector<Values> find_runs(const ListArguments& arguments) {
  std::vector<std::filesystem::path> folders;
  if (std::filesystem::is_directory(arguments.folder))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments.folder))
      if (entry.path().filename() == "run.json") folders.push_back(entry.path().parent_path());
  std::sort(folders.begin(), folders.end());
  std::optional<Expression> condition;
  if (!arguments.where.empty()) condition.emplace(arguments.where, "--where");
  std::vector<Values> runs;
  for (const std::filesystem::path& folder : folders) {
    Values values = values_of(folder);
    auto lookup = [&](const std::string& name) -> std::optional<Expression::Value> {
      auto found = values.find(name);
      if (found == values.end()) found = values.find("techniques." + name + ".enabled");
      return found == values.end() ? std::nullopt : std::optional(found->second);
    };
    if (!condition || condition->holds(lookup)) runs.push_back(std::move(values));
  }
  if (!arguments.sort.empty())
    std::stable_sort(runs.begin(), runs.end(), [&](const Values& a, const Values& b) {
      auto x = a.find(arguments.sort), y = b.find(arguments.sort);
      if (x == a.end() || y == b.end()) return x != a.end();
      return x->second < y->second;
    });
  return runs;
}

void list_verb(const ListArguments& arguments) {
  std::vector<Values> runs = find_runs(arguments);
  if (arguments.json) {
    Json json = Json::array();
    for (const Values& values : runs) {
      Json object = Json::object();
      for (const auto& [name, value] : values) std::visit([&](const auto& v) { object[name] = v; }, value);
      json.push_back(std::move(object));
    }
    fmt::print("{}\n", json.dump(2));
    return;
  }
  TextTable table{{"folder", "status", "seed", "val_bpb", "bytes", "started"}, {}, "llrrrl"};
  for (const Values& values : runs)
    table.rows.push_back({cell(values, "folder", "{}"), cell(values, "status", "{}"),
                          cell(values, "seed", "{:.0f}"), cell(values, "val_bpb", "{:.5f}"),
                          cell(values, "artifact_bytes", "{:.0f}"), cell(values, "started_at", "{}")});
  fmt::print("{}", table.terminal());
}

}  // namespace

void add_diff_command(CLI::App& app) {
  auto arguments = std::make_shared<DiffArguments>();
  CLI::App* verb = app.add_subcommand("diff", "what is different about two runs, and where they part");
  verb->add_option("a", arguments->a, "folder of a run")->required();
  verb->add_option("b", arguments->b, "folder of another")->required();
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { diff_verb(*arguments); });
}

void add_list_command(CLI::App& app) {
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
