// SPDX-License-Identifier: Apache-2.0
// This is what the names in a condition mean, wherever a user may write one: [when] exclude, --only, --where.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "sweep/expression.h"

namespace caddie {

/// Asks conditions about one thing after another, such as the arms of a sweep, and remembers which names had
/// a value anywhere. A name is a full one (the path of a setting, or a word such as "seed"), or the label of
/// a technique, which stands for its switch.
class ConditionScope {
 public:
  /// Returns the value that a full name has for one thing, if any.
  using Find = std::function<std::optional<TomlValue>(const std::string& name)>;

  /// `where` begins errors about names; `hint` ends those about names that are near to none.
  ConditionScope(std::string where, std::string hint) : where_(std::move(where)), hint_(std::move(hint)) {}

  /// Tells whether the condition holds for the thing that `find` looks into. A comparison with something that
  /// has no value is false.
  bool holds(const Expression& condition, const Find& find);

  /// Makes a full name one that is right though nothing may have a value for it, and one to suggest.
  void know(const std::string& name);

  /// Tells whether a name in a condition had no value so far, and is not known either.
  bool misses_names() const;

  /// Throws Error(2) for the first name that misses_names() means, with the nearest one that is known.
  void check_names() const;

  /// Throws Error(2) unless the name is known.
  void check_name(const std::string& name) const;

 private:
  std::string where_, hint_;
  std::set<std::string> known_, missing_;
};

/// Looks into the settings of an experiment, given as TOML texts by path; `settings` must outlive the result.
ConditionScope::Find find_in(const std::map<std::string, std::string>& settings);

}  // namespace caddie
