// SPDX-License-Identifier: Apache-2.0
// Summaries name the parts without effect; the plan says in which parts an arm differs from the baseline.
#include "report/inactive_arms.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <vector>

#include "base/text.h"
#include "config/path.h"
#include "plugin/slot_table.h"
#include "run/effects.h"

namespace caddie {
namespace {

using Reasons = std::map<std::string, std::string>;  // why parts had no effect, by their names

/// Returns the parts without effect that the findings of one run name; parts that acted partly did act.
Reasons void_parts(const Labelled<std::string>& effects) {
  Reasons found;
  for (const auto& [part, text] : effects)
    for (Verdict verdict : {Verdict::kVoid, Verdict::kAllowed})
      if (text.starts_with(fmt::format("{}: ", name_of(verdict)))) found[part] = text;
  return found;
}

/// Returns the parts that had no effect in any run of the arm that was asked.
Reasons void_parts(const Ablation& ablation, const Arm& arm) {
  std::optional<Reasons> all;
  for (const RunRow& run : ablation.runs_of(&arm)) {
    if (!run.state.summary.effects) continue;
    Reasons found = void_parts(*run.state.summary.effects);
    if (all)
      std::erase_if(*all, [&](const auto& part) { return !found.contains(part.first); });
    else
      all = std::move(found);
  }
  return all.value_or(Reasons());
}

/// Tells whether a setting belongs to a part, which is called by its label or by the path of its table.
bool belongs_to(const std::string& path, const std::string& part) {
  return path == part || is_below(path, part) || is_below(path, join_path(kTechniques, part));
}

bool differ_in(const Arm& a, const Arm& b, const std::string& part) {
  auto is_on = [&](const Arm& arm) {
    auto found = arm.techniques.find(part);
    return found != arm.techniques.end() && found->second;
  };
  auto sets_otherwise = [&](const Arm& one, const Arm& other) {
    for (const auto& [path, text] : one.params) {
      auto found = other.params.find(path);
      if (belongs_to(path, part) && (found == other.params.end() || found->second != text)) return true;
    }
    return false;
  };
  return is_on(a) != is_on(b) || sets_otherwise(a, b) || sets_otherwise(b, a);
}

}  // namespace

std::string why_inactive(const Ablation& ablation, const Arm& arm) {
  const Arm& baseline = *ablation.baseline_row().arm;
  Reasons parts = void_parts(ablation, arm);
  parts.merge(void_parts(ablation, baseline));
  std::vector<std::string> reasons;
  for (const auto& [part, reason] : parts)
    if (differ_in(arm, baseline, part)) reasons.push_back(part + ": " + reason);
  return join(reasons, "; ");
}

}  // namespace caddie
