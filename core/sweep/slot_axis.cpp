// SPDX-License-Identifier: Apache-2.0
// A level names a plugin, alone or in a table with its settings.
#include "sweep/slot_axis.h"

#include <caddie/error.h>

#include <algorithm>

#include "config/toml_value.h"
#include "plugin/slot_table.h"
#include "sweep/axis_values.h"

namespace caddie {
namespace {

/// Tells whether a setting belongs to the core, so that it stays when the plugin of its table is replaced.
bool is_kept(const std::string& name) {
  static const std::vector<std::string> kNames = slot_setting_names();
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Reads one axis that replaces the plugin of a slot.
class SlotAxis {
 public:
  SlotAxis(Tree& sweep, std::string path, BaseExperiment& base, const ShortNames& names)
      : sweep_(sweep), path_(std::move(path)), base_(base), names_(names) {}

  Factor read() {
    Factor factor;
    sweep_.read(path_,
                [&](Settings& s) { s("slot", factor.name, "path of the table whose plugin is replaced"); });
    slot_ = factor.name;
    used_ = unquoted(base_.value(slot_ + ".use"));
    bool is_there = !used_.empty() || base_.has(slot_);
    if (used_.empty()) used_ = split_path(slot_).back();
    std::vector<std::string> uses = distinct_values(sweep_, path_ + ".use");
    for (const std::string& text : uses) {
      factor.levels.push_back(level(text));
      // The plugin that the base has needs no change.
      if (unquoted(text) == used_) factor.levels.back().overrides.clear();
    }
    choose_base_level(factor, is_there ? used_ : "", uses, [&](const std::string& text) {
      return unquoted(text) == used_ || is_base_table(text);
    });
    return factor;
  }

 private:
  /// Tells whether a table that names a plugin with settings says what the base says.
  bool is_base_table(const std::string& text) {
    Tree table = Tree::parse("use = " + text, "use");
    if (!table.is_table("use") || !table.has("use.use") || unquoted(table.read_text("use.use")) != used_)
      return false;
    std::vector<std::string> names = table.children("use");
    for (const std::string& name : base_.children(slot_))
      if (!is_kept(name) && std::find(names.begin(), names.end(), name) == names.end()) return false;
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return name == "use" ||
             same_value(table.read_text(join_path("use", name)), base_.value(join_path(slot_, name)));
    });
  }

  /// Makes a level that replaces the plugin. The settings of the base's plugin go with it, except those that
  /// the core reads for every plugin.
  Level level(const std::string& text) {
    Level level;
    for (const std::string& name : base_.children(slot_))
      if (!is_kept(name)) level.overrides.push_back("~" + join_path(slot_, name));
    Tree table = Tree::parse("use = " + text, "use");
    std::string plugin = text, settings;
    if (table.is_table("use")) {
      if (!table.has("use.use"))
        sweep_.fail_at(path_ + ".use", message("{} names no plugin; write use = \"...\"", {text}));
      plugin = table.read_text("use.use");
      for (const std::string& name : table.children("use")) {
        std::string value = table.read_text(join_path("use", name));
        level.overrides.push_back(join_path(slot_, name) + "=" + value);
        if (name != "use") settings += (settings.empty() ? "" : " ") + name + "=" + unquoted(value);
      }
    } else {
      level.overrides.push_back(slot_ + ".use=" + text);
    }
    level.label = names_.of(slot_) + "=" + unquoted(plugin) + (settings.empty() ? "" : "(" + settings + ")");
    return level;
  }

  Tree& sweep_;
  std::string path_;
  BaseExperiment& base_;
  const ShortNames& names_;
  std::string slot_, used_;  // the path of the table, and the plugin that the base has there
};

}  // namespace

Factor read_slot_axis(Tree& sweep, const std::string& path, BaseExperiment& base, const ShortNames& names) {
  return SlotAxis(sweep, path, base, names).read();
}

}  // namespace caddie
