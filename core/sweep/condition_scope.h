// SPDX-License-Identifier: Apache-2.0
// A condition scope says what the names in a condition mean, wherever a user may write one: [when] exclude,
// --only, --where.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "sweep/expression.h"

namespace caddie {

/// Evaluates conditions for one thing after another, such as the arms of a sweep, and remembers which names
/// had a value for any of them. A name is a full one (the path of a setting, or a word such as "seed"), or
/// the label of a technique, which stands for its switch.
class ConditionScope {
 public:
  /// Returns the value that a full name has for one thing, if any.
  using Find = std::function<std::optional<TomlValue>(const std::string& name)>;

  /// Errors about a name begin with `where`; they suggest the nearest known name, or say `hint` where none is
  /// near.
  ConditionScope(std::string where, std::string hint) : where_(std::move(where)), hint_(std::move(hint)) {}

  /// Tells whether the condition holds for the thing that `find` looks into. A comparison with something that
  /// has no value is false.
  bool holds(const Expression& condition, const Find& find);

  /// Makes a full name, and the label whose switch it is, valid even if nothing has a value for it.
  void know(const std::string& name);

  /// Tells whether a name in a condition had no value so far, and is not known either.
  bool misses_names() const;

  /// Throws Error (kUsage) for the first of these names, with the nearest one that is known. One that was
  /// compared with a text is a text without its quotes, which is said first.
  void check_names() const;

  /// Throws Error (kUsage) unless the name is known.
  void check_name(const std::string& name) const;

 private:
  std::string where_, hint_;
  std::set<std::string> known_, missing_, texts_;
};

/// Looks into the settings of an experiment, given as TOML texts by path; `settings` must outlive the result.
ConditionScope::Find find_in(const std::map<std::string, std::string>& settings);

}  // namespace caddie
