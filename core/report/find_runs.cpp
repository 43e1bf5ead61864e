// SPDX-License-Identifier: Apache-2.0
// The values of runs come from an index in their folder; only the status of a run is determined each time.
#include "report/find_runs.h"

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/files.h"
#include "config/read_all.h"
#include "results/claim.h"
#include "results/metrics.h"
#include "results/run_folder.h"
#include "results/run_record.h"
#include "sweep/condition_scope.h"
#include "sweep/run_state.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Adds the members of a JSON object by their dotted paths; lists and nulls are left out.
void add_members(const Json& json, const std::string& path, RunValues& values) {
  for (const auto& [name, member] : json.items()) {
    std::string full = path.empty() ? name : path + "." + name;
    if (member.is_number_float() && !std::isfinite(member.get<double>())) continue;  // It is not known.
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

/// Returns settings by path, results and provenance by name. Throws Error when a file is damaged, or one that
/// the run left is missing.
RunValues values_of_run(const fs::path& folder) {
  RunValues values;
  if (fs::path settings = folder / kSettingsFile; fs::exists(settings)) {
    Tree tree = Tree::parse(read_file(settings), settings.string());
    read_all(tree);
    for (const Tree::Value& value : tree.values()) values[value.path] = value_of_toml(value.text);
  }
  if (std::optional<RunRecord> record = read_run_record(folder)) add_members(written(*record), "", values);
  RunSummary summary = read_summary(folder);
  check_recorded(folder, summary);
  check_left_by_run(summary, folder, kSettingsFile);
  summary.files.clear();
  add_members(written(summary), "", values);
  return values;
}

/// Returns the run's status now, whatever it was when the index took it in.
std::string status_of(const RunIndex& index, const fs::path& folder) {
  std::optional<RunValue> ended = index.value(folder, "status");
  bool unread = !ended && index.value(folder, "fail_reason");
  return std::string(name_of(caddie::status_of(folder, unread, index.value(folder, "key").has_value(),
                                               ended ? std::get<std::string>(*ended) : "")));
}

/// Lets conditions use every name that some run has a value for, or will have when it is done.
void know_all(ConditionScope& scope, const RunIndex& index) {
  for (const char* name : {"folder", "status", "fail_reason", "effect_check", "under_cap"}) scope.know(name);
  for (const Metric* metric : metrics())
    if (metric->places.summary) scope.know(metric->name);
  for (const fs::path& folder : index.runs())
    for (const auto& [name, value] : index.values(folder)) scope.know(name);
}

ConditionScope scope_of(const char* option) {
  return {std::string(option), "caddie ls --json shows what runs have"};
}

/// Returns the values of the runs for which the condition holds; of all runs where it is empty.
std::vector<RunValues> runs_where(const RunIndex& index, const std::string& where) {
  std::optional<Expression> condition;
  if (!where.empty()) condition.emplace(where, "--where");
  ConditionScope scope = scope_of("--where");
  std::vector<RunValues> runs;
  for (const fs::path& folder : index.runs()) {
    std::string status = status_of(index, folder);
    auto find = [&](const std::string& name) -> std::optional<RunValue> {
      if (name == "status") return status;
      if (name == "folder") return folder.string();
      return index.value(folder, name);
    };
    if (condition && !scope.holds(*condition, find)) continue;
    runs.push_back(index.values(folder));
    runs.back()["status"] = status;
    if (status == name_of(RunStatus::lost)) runs.back().try_emplace("fail_reason", kNoSummary);
    runs.back()["folder"] = folder.string();
  }
  if (scope.misses_names()) know_all(scope, index);
  scope.check_names();
  return runs;
}

/// Sorts by a value; runs that do not have it come last.
void sort_by(const std::string& name, const RunIndex& index, std::vector<RunValues>& runs) {
  if (index.runs().empty()) return;
  ConditionScope scope = scope_of("--sort");
  know_all(scope, index);
  scope.check_name(name);
  std::stable_sort(runs.begin(), runs.end(), [&](const RunValues& a, const RunValues& b) {
    auto x = a.find(name), y = b.find(name);
    if (x == a.end() || y == b.end()) return x != a.end() && y == b.end();
    return x->second < y->second;
  });
}

}  // namespace

std::vector<RunValues> find_runs(const RunQuery& query) {
  if (!fs::is_directory(query.folder)) fail_usage("{}: there is no such folder", query.folder.string());
  RunIndex index(query.folder, values_of_run);
  std::vector<RunValues> runs = runs_where(index, query.where);
  if (!query.sort.empty()) sort_by(query.sort, index, runs);
  return runs;
}

}  // namespace caddie
