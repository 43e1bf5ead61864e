// SPDX-License-Identifier: Apache-2.0
// Each kind of axis has a function that reads it, and no two of the factors may vary the same thing.
#include "sweep/axes.h"

#include <caddie/error.h>

#include <set>

#include "config/path.h"
#include "config/toml_value.h"
#include "plugin/slot_table.h"
#include "sweep/axis_values.h"
#include "sweep/short_names.h"
#include "sweep/slot_axis.h"
#include "sweep/toggle_advice.h"

namespace caddie {
namespace {

/// Returns how a sweep names what it switches: a path, or the label of a technique, which is put in quotes
/// when it holds a dot. A technique of the base goes before a path.
std::string toggle_name(const BaseExperiment& base, const std::string& written) {
  bool is_label = written.find('.') != written.npos && base.has(join_path(kTechniques, written));
  return is_label ? join_path("", written) : written;
}

Factor toggle_factor(const std::string& name, const ShortNames& names) {
  std::string label = names.of(name), path = switch_of(name);
  return {name, true, {{"-" + label, {path + "=false"}}, {"+" + label, {path + "=true"}}}, 0};
}

Factor read_toggle(Tree& sweep, const std::string& path, BaseExperiment& base, const ShortNames& names) {
  std::string name;
  sweep.read(path, [&](Settings& s) {
    s("toggle", name, "label of a technique, or path of a table with `enabled`");
  });
  if (std::string advice = toggle_advice(base, name); !advice.empty())
    sweep.fail_at(path + ".toggle", advice);
  return toggle_factor(toggle_name(base, name), names);
}

Factor read_key(Tree& sweep, const std::string& path, BaseExperiment& base, const ShortNames& names) {
  Factor factor;
  sweep.read(path, [&](Settings& s) { s("key", factor.name, "dotted path of the setting that varies"); });
  std::vector<std::string> values = distinct_values(sweep, path + ".values");
  for (const std::string& value : values)
    factor.levels.push_back({names.of(factor.name) + "=" + unquoted(value), {factor.name + "=" + value}});
  std::string now = base.value(factor.name);
  choose_base_level(factor, now, values, [&](const std::string& value) { return same_value(value, now); });
  return factor;
}

Factor read_zip(Tree& sweep, const std::string& path, const ShortNames& names) {
  Factor factor;
  for (const std::string& key : sweep.children(path + ".zip")) {
    // A key is one quoted name here: zip = { "model.dim" = [...] }.
    std::vector<std::string> values = distinct_values(sweep, join_path(path + ".zip", key));
    if (factor.levels.empty()) factor.levels.resize(values.size());
    if (factor.levels.size() != values.size())
      sweep.fail_at(path + ".zip", message("'{}' has {} values, the others {}; they vary together",
                                           {key, values.size(), factor.levels.size()}));
    factor.name += (factor.name.empty() ? "" : ",") + key;
    for (size_t i = 0; i < values.size(); ++i) {
      Level& level = factor.levels[i];
      level.label += (level.label.empty() ? "" : " ") + names.of(key) + "=" + unquoted(values[i]);
      level.overrides.push_back(key + "=" + values[i]);
    }
  }
  if (factor.levels.empty()) sweep.fail_at(path, "zip names no key; write zip = { \"model.dim\" = [1, 2] }");
  return factor;
}

void rename_levels(Tree& sweep, const std::string& path, Factor& factor) {
  std::vector<std::string> labels;
  sweep.read(path, [&](Settings& s) { s("labels", labels, "how the levels read in tables"); });
  if (labels.empty()) return;
  if (labels.size() != factor.levels.size())
    sweep.fail_at(path + ".labels",
                  message("{} labels for {} levels", {labels.size(), factor.levels.size()}));
  for (size_t i = 0; i < labels.size(); ++i) factor.levels[i].label = labels[i];
}

Factor read_axis(Tree& sweep, const std::string& path, BaseExperiment& base, const ShortNames& names) {
  if (sweep.has(path + ".toggle")) return read_toggle(sweep, path, base, names);
  if (sweep.has(path + ".zip")) return read_zip(sweep, path, names);
  if (sweep.has(path + ".slot")) return read_slot_axis(sweep, path, base, names);
  if (sweep.has(path + ".key")) return read_key(sweep, path, base, names);
  sweep.fail_at(path,
                "an axis has a toggle, a key with values, a slot with use, or a zip; see caddie "
                "describe axis");
}

/// Returns the paths of all that varies, of which each axis has one or, in a zip, several.
std::vector<std::string> varying_paths(Tree& sweep, const BaseExperiment& base,
                                       std::span<const std::string> techniques) {
  std::vector<std::string> paths;
  for (const std::string& technique : techniques) paths.push_back(toggle_name(base, technique));
  for (const std::string& index : sweep.children("axis")) {
    std::string axis = "axis." + index;
    for (const char* kind : {"toggle", "key", "slot"})
      if (std::string path = axis + "." + kind; sweep.has(path) && !sweep.is_table(path))
        paths.push_back(kind == std::string_view("toggle")
                            ? toggle_name(base, unquoted(sweep.read_text(path)))
                            : unquoted(sweep.read_text(path)));
    if (sweep.is_table(axis + ".zip"))
      for (const std::string& key : sweep.children(axis + ".zip")) paths.push_back(key);
  }
  return paths;
}

}  // namespace

std::vector<Factor> read_axes(Tree& sweep, BaseExperiment& base, std::span<const std::string> techniques) {
  std::vector<Factor> factors;
  ShortNames short_names(varying_paths(sweep, base, techniques));
  for (const std::string& index : sweep.children("axis")) {
    std::string path = "axis." + index;
    factors.push_back(read_axis(sweep, path, base, short_names));
    rename_levels(sweep, path, factors.back());
  }
  for (const std::string& technique : techniques)
    factors.push_back(toggle_factor(toggle_name(base, technique), short_names));
  std::set<std::string> names;
  for (const Factor& factor : factors)
    if (!names.insert(factor.name).second)
      sweep.fail_at("axis", message("'{}' varies on two axes; one must go", {factor.name}));
  return factors;
}

}  // namespace caddie
