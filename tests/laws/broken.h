// SPDX-License-Identifier: Apache-2.0
// Holds plugins that are structs of a test to single laws.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "laws/law.h"

namespace caddie::testing {

inline const Law& law_called(Kind kind, std::string_view name) {
  for (const Law* law : laws_of(kind))
    if (law->name == name) return *law;
  throw Error("there is no such law of that kind");
}

/// Returns what a plugin of type T, called "tried", breaks of the law of that name; "" when it keeps it.
template <class T>
std::string broken(std::string_view law, const PluginCard& card = {.summary = "A test.", .source = "tests"}) {
  Registry registry;
  registry.add("tried", built_in<T>(card));
  Subject subject(registry, "tried");
  LawFinding finding = hold_to(law_called(subject.kind(), law), subject);
  CHECK(finding.outcome != LawFinding::Outcome::kDoesNotApply);
  return finding.why;
}

}  // namespace caddie::testing
