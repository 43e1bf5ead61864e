// SPDX-License-Identifier: Apache-2.0
// A setting of another kind, and a baseline that is no level, are refused with what would be right.
#include "sweep/read_design.h"

#include <caddie/error.h>

#include <algorithm>

#include "base/text.h"
#include "config/toml_value.h"
#include "plugin/slot_table.h"

namespace caddie {
namespace {

/// Throws for the first setting in [design] that other kinds declare and this one does not.
void refuse_settings_of_others(const Tree& tree, const std::string& kind) {
  for (const std::string& name : tree.children("design")) {
    std::vector<std::string> kinds = designs_with(name);
    if (kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
    tree.fail_at(join_path("design", name), message("kind = \"{}\" has no '{}'; that is a setting of {}",
                                                    {kind, name, join(kinds, " and ")}));
  }
}

/// Makes a level the baseline of its factor; `key` names a technique, or is the path of a setting.
void set_baseline(Tree& tree, SweepFile& sweep, const std::string& section, const std::string& key) {
  std::string path = join_path(section, key), value = tree.read_text(path);
  std::vector<std::string> names;
  for (Factor& factor : sweep.factors) {
    names.push_back(factor.name);
    std::string wanted = (factor.toggle ? switch_of(factor.name) : key) + "=" + value;
    if (factor.toggle && factor.name != key && factor.name != join_path("", key)) continue;
    for (size_t i = 0; i < factor.levels.size(); ++i) {
      const auto& overrides = factor.levels[i].overrides;
      if (std::find(overrides.begin(), overrides.end(), wanted) == overrides.end()) continue;
      factor.baseline = i;
      factor.unlisted_base.clear();
      return;
    }
  }
  tree.fail_at(path, message("'{}' at {} is no level of an axis{}", {key, value, suggestion(key, names)}));
}

}  // namespace

std::vector<std::string> read_design(Tree& tree, SweepFile& sweep) {
  DesignSettings common;
  tree.read("design", [&](Settings& s) { common.settings(s); });
  const DesignKind* kind = find_design(common.kind);
  if (!kind)
    tree.fail_at("design.kind", message("there is no design '{}'{}",
                                        {common.kind, suggestion(common.kind, design_names())}));
  refuse_settings_of_others(tree, common.kind);
  sweep.design_kind = common.kind;
  sweep.design = kind->make();
  tree.read("design", [&](Settings& s) { sweep.design->settings(s); });
  return std::move(common.techniques);
}

void choose_baseline(Tree& tree, SweepFile& sweep) {
  for (Factor& factor : sweep.factors) factor.baseline = sweep.design->baseline_of(factor);
  for (std::string section : {"design.baseline", "claim.baseline"}) {
    if (tree.is_table(section)) {
      for (const std::string& key : tree.children(section)) set_baseline(tree, sweep, section, key);
    } else if (tree.has(section)) {
      sweep.baseline_label = unquoted(tree.read_text(section));
    }
  }
  if (!sweep.baseline_label.empty()) return;
  for (const Factor& factor : sweep.factors)
    if (!factor.unlisted_base.empty())
      tree.fail_at("axis",
                   message("'{}' is {} in the base, which is no level of its axis; list it, or say with "
                           "[design.baseline] which level is the baseline",
                           {factor.name, factor.unlisted_base}));
}

}  // namespace caddie
