// SPDX-License-Identifier: Apache-2.0
// The condition is evaluated for each run, with the settings and the label of its arm and with its seed.
#include "sweep/select_runs.h"

#include <map>
#include <optional>

#include "config/read_all.h"
#include "sweep/condition_scope.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

using Values = std::map<std::string, std::string>;  // TOML texts by path

Values settings_of(const Arm& arm) {
  Tree tree = Tree::parse(arm.experiment, "plan.json");
  read_all(tree);
  Values settings;
  for (const Tree::Value& value : tree.values()) settings[value.path] = value.text;
  return settings;
}

}  // namespace

std::vector<size_t> select_runs(const Plan& plan, const std::string& condition) {
  if (condition.empty()) return all_runs(plan);
  Expression expression(condition, "--only");
  ConditionScope scope("--only", "caddie explain shows what the base has");
  for (const char* name : {"label", "arm", "seed"}) scope.know(name);
  std::vector<Values> settings;
  for (const Arm& arm : plan.arms) settings.push_back(settings_of(arm));
  std::vector<size_t> chosen;
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    auto find = [&](const std::string& name) -> std::optional<TomlValue> {
      if (name == "label" || name == "arm") return plan.arms[run.arm].label;
      if (name == "seed") return double(run.seed);
      return find_in(settings[run.arm])(name);
    };
    if (scope.holds(expression, find)) chosen.push_back(i);
  }
  for (const Values& arm : settings)
    for (const auto& [path, text] : arm) scope.know(path);
  scope.check_names();
  return chosen;
}

}  // namespace caddie
