// SPDX-License-Identifier: Apache-2.0
// Every arm of the design gets its label and its overrides; one arm becomes the baseline and comes first.
#include "sweep/combinations.h"

#include <caddie/error.h>

#include <algorithm>
#include <set>

#include "base/exit_code.h"
#include "base/text.h"

namespace caddie {
namespace {

[[noreturn]] void refuse(const SweepFile& sweep, const std::string& what) {
  fail_usage("{}", sweep.file.string() + ": [design] kind = \"" + sweep.design_kind + "\": " + what);
}

/// Calls `ask` with the design of a sweep; its errors then say which sweep and which design it is.
template <class Ask>
auto ask_design(const SweepFile& sweep, const Ask& ask) -> decltype(ask(*sweep.design)) {
  try {
    return ask(*sweep.design);
  } catch (const Error& error) {
    refuse(sweep, error.what());
  }
}

std::vector<Levels> arms_of(const SweepFile& sweep) {
  if (!sweep.factors.empty())
    return ask_design(sweep, [&](const SweepDesign& design) { return design.arms(sweep.factors); });
  if (sweep.design->needs_factors())
    refuse(sweep, "there is nothing to vary; add an [[axis]] or techniques = [...]");
  return {};
}

bool is_baseline(const Combination& combination) { return combination.kind == "baseline"; }

Combination combination(const SweepFile& sweep, const Levels& levels) {
  Combination c{"", sweep.design_kind, levels};
  for (size_t f = 0; f < levels.size(); ++f) {
    const Factor& factor = sweep.factors[f];
    const Level& level = factor.levels[levels[f]];
    c.overrides.insert(c.overrides.end(), level.overrides.begin(), level.overrides.end());
    if (levels[f] != factor.baseline) c.label += (c.label.empty() ? "" : " ") + level.label;
  }
  if (levels == baseline_levels(sweep.factors)) {
    c.label = "baseline";
    c.kind = "baseline";
  }
  return c;
}

/// Turns the point that is called `sweep.baseline_label` into the baseline. With `keeps_base` the base
/// experiment stays an arm, as the design has it as one.
void choose_point(const SweepFile& sweep, std::vector<Combination>& all, bool keeps_base) {
  std::vector<std::string> labels;
  for (const Combination& c : all) labels.push_back(c.label);
  auto chosen = std::find(labels.begin(), labels.end(), sweep.baseline_label);
  if (chosen == labels.end())
    refuse(sweep, message("no arm is called '{}', which is to be the baseline{}",
                          {sweep.baseline_label, suggestion(sweep.baseline_label, labels)}));
  Combination& point = all[size_t(chosen - labels.begin())];
  if (is_baseline(point)) return;
  if (point.kind != "point")
    refuse(sweep,
           message("'{}' is a combination of levels, and a baseline of that kind is named level by level; "
                   "write [design.baseline] and below it the level of each axis, such as name = true",
                   {point.label}));
  auto base = std::find_if(all.begin(), all.end(), is_baseline);
  base->kind = sweep.design_kind;
  base->label = "base";
  point.kind = "baseline";
  if (!keeps_base) all.erase(base);
}

void check_labels(const SweepFile& sweep, const std::vector<Combination>& all) {
  std::set<std::string> labels;
  for (const Combination& c : all)
    if (!labels.insert(c.label).second)
      refuse(sweep, message("two arms are called '{}'; give labels", {c.label}));
}

}  // namespace

std::vector<Combination> combinations(const SweepFile& sweep) {
  std::vector<Combination> all;
  for (const Levels& levels : arms_of(sweep)) all.push_back(combination(sweep, levels));
  bool has_baseline = std::any_of(all.begin(), all.end(), is_baseline);
  if (!has_baseline) all.insert(all.begin(), combination(sweep, baseline_levels(sweep.factors)));
  for (const Level& point : sweep.points) all.push_back({point.label, "point", {}, point.overrides});
  if (!sweep.baseline_label.empty()) choose_point(sweep, all, has_baseline);
  auto baseline = std::find_if(all.begin(), all.end(), is_baseline);
  std::rotate(all.begin(), baseline, baseline + 1);
  check_labels(sweep, all);
  return all;
}

std::vector<std::string> aliases(const SweepFile& sweep) {
  if (sweep.factors.empty()) return {};
  return ask_design(sweep, [&](const SweepDesign& design) { return design.aliases(sweep.factors); });
}

}  // namespace caddie
