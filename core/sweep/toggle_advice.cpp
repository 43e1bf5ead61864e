// SPDX-License-Identifier: Apache-2.0
// Looks a label up in every slot of the base, and a plugin's name among the kinds.
#include "sweep/toggle_advice.h"

#include <caddie/error.h>

#include "config/toml_value.h"
#include "plugin/registry.h"
#include "plugin/slot_table.h"

namespace caddie {
namespace {

/// Returns the axis that varies the plugins of a slot. `label` is the label of the plugin there, or its name
/// where it is not there yet.
std::string axis_for(const Slot& slot, const std::string& label, bool is_there) {
  std::string path(slot.path);
  // Without one that claims each weight, weights belong to nobody.
  if (slot.claims == Slot::Claims::kEach)
    return message("slot = \"{}.LABEL\" with use = [\"...\", \"{}\"]", {path, label});
  if (slot.count == Slot::Count::kMany) return message("toggle = \"{}\"", {join_path(path, label)});
  if (slot.count == Slot::Count::kOptional && is_there) return message("toggle = \"{}\"", {path});
  return message("slot = \"{}\" with use = [\"...\", \"{}\"]", {path, label});
}

std::string advice_for(const Slot& slot, const std::string& name, bool is_there) {
  return message("'{}' is of kind {}, which stands in [{}]; write {}",
                 {name, slot.name, slot.path, axis_for(slot, name, is_there)});
}

/// Tells whether the base has a table of that label in the slot, or names the plugin there.
bool is_in(BaseExperiment& base, const Slot& slot, const std::string& label) {
  std::string path(slot.path);
  if (slot.count == Slot::Count::kMany) return base.has(join_path(path, label));
  return unquoted(base.value(path + ".use")) == label;
}

}  // namespace

std::string toggle_advice(BaseExperiment& base, const std::string& name) {
  for (const Slot& slot : slot_table())
    if (slot.path == name && slot.count == Slot::Count::kOne)
      return message("[{}] cannot be switched off, for there is always one {}; write {}",
                     {name, slot.name, axis_for(slot, "...", true)});
  bool is_label = split_path(name).size() == 1;
  if (!is_label || base.has(join_path(kTechniques, name))) return "";
  for (const Slot& slot : slot_table())
    if (slot.path != kTechniques && is_in(base, slot, name)) return advice_for(slot, name, true);
  Registry registry;
  if (!registry.has(name)) return "";
  const Slot& slot = slot_of(registry.open(name, "toggle").entry->kind);
  if (slot.path.empty())
    return message(
        "'{}' is of kind {}, which rewrites data before any run; write a zip of the keys of [data] "
        "for both texts",
        {name, slot.name});
  return slot.path == kTechniques ? "" : advice_for(slot, name, false);
}

}  // namespace caddie
