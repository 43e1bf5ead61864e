// SPDX-License-Identifier: Apache-2.0
// A name that has no value itself is looked up once more as the label of a technique.
#include "sweep/condition_scope.h"

#include <caddie/error.h>

#include <algorithm>
#include <vector>

#include "base/exit_code.h"
#include "base/text.h"
#include "config/path.h"
#include "plugin/slot_table.h"

namespace caddie {

namespace {

std::optional<TomlValue> value_of(const std::string& name, const ConditionScope::Find& find) {
  std::optional<TomlValue> value = find(name);
  if (!value) value = find(switch_of(name));
  if (!value) value = find(switch_of(join_path("", name)));  // A label may hold dots.
  return value;
}

}  // namespace

bool ConditionScope::holds(const Expression& condition, const Find& find) {
  for (const auto& [left, right] : condition.compared_names()) {
    std::optional<TomlValue> a = value_of(left, find), b = value_of(right, find);
    if (!b && (!a || std::holds_alternative<std::string>(*a))) texts_.insert(right);
    if (!a && b && std::holds_alternative<std::string>(*b)) texts_.insert(left);
  }
  return condition.holds([&](const std::string& name) {
    std::optional<TomlValue> value = value_of(name, find);
    if (value)
      known_.insert(name);
    else
      missing_.insert(name);
    return value;
  });
}

void ConditionScope::know(const std::string& name) {
  known_.insert(name);
  if (std::string label = label_switched_by(name); !label.empty()) known_.insert(label);
}

bool ConditionScope::misses_names() const {
  return !std::includes(known_.begin(), known_.end(), missing_.begin(), missing_.end());
}

void ConditionScope::check_names() const {
  for (const std::string& name : missing_)
    if (!texts_.contains(name)) check_name(name);
  for (const std::string& name : missing_) check_name(name);
}

void ConditionScope::check_name(const std::string& name) const {
  if (known_.contains(name)) return;
  std::string near = nearest(name, std::vector(known_.begin(), known_.end()));
  if (texts_.contains(name))
    fail_usage("{}: nothing here has a value '{}'; a text stands in quotes: \"{}\"{}", where_, name, name,
               near.empty() ? "" : "; or did you mean '" + near + "'?");
  fail_usage("{}: nothing here has a value '{}'; {}, or \"{}\" in quotes, if it is text?", where_, name,
             near.empty() ? hint_ : "did you mean '" + near + "'", name);
}

ConditionScope::Find find_in(const std::map<std::string, std::string>& settings) {
  return [&settings](const std::string& name) -> std::optional<TomlValue> {
    auto found = settings.find(name);
    if (found == settings.end()) return std::nullopt;
    return value_of_toml(found->second);
  };
}

}  // namespace caddie
