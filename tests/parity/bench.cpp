// SPDX-License-Identifier: Apache-2.0
#include "parity/bench.h"

#include <algorithm>

#include "plugin/slot_table.h"

namespace caddie::parity {
namespace {

/// The tables of plugins that an experiment has for a slot.
std::vector<std::string> tables_of(const Tree& tree, const Slot& slot) {
  std::string path(slot.path);
  std::vector<std::string> tables;
  if (slot.count == Slot::Count::kMany)
    for (const std::string& label : tree.children(path)) tables.push_back(join_path(path, label));
  else if (tree.has(path))
    tables.push_back(path);
  return tables;
}

std::string plugin_at(const Tree& tree, const std::string& path) {
  std::string use = join_path(path, "use");
  if (!tree.has(use)) return split_path(path).back();
  std::string name;
  Tree copy = tree;
  copy.read(path, [&](Settings& s) { s("use", name, "plugin"); });
  return name;
}

void need_plugin(const Tree& tree, const std::string& path, const Registry& registry) {
  std::string name = plugin_at(tree, path);
  bool there = std::any_of(registry.files().begin(), registry.files().end(),
                           [&](const PluginFile& file) { return file.name == name; });
  if (!there) skip("there is no plugin '{}'", name);
}

}  // namespace

Tree Bench::experiment(const Case& c, const Facts& facts) const { return experiment(c, facts, {}, ""); }

Tree Bench::experiment(const Case& c, const Facts& whole, const std::vector<Facts>& parts,
                       const std::string& part_kind) const {
  Facts context = {{"kind", c.kind}, {"script", c.script()}};
  std::string text = table_.experiment(whole, context);
  context["kind"] = part_kind;
  for (const Facts& part : parts) text += table_.experiment(part, context, whole);
  Tree tree = Tree::parse(text, "parity case " + c.name);
  for (const Slot& slot : slot_table())
    for (const std::string& path : tables_of(tree, slot)) need_plugin(tree, path, registry_);
  return tree;
}

Technique Bench::make(Tree& tree, const std::string& path, Kind kind) {
  if (!tree.is_table(path)) skip("no rule makes a [{}] of the case", path);
  SlotSettings own;
  own.use = split_path(path).back();
  tree.read(path, [&](Settings& s) { own.settings(s, slot_of(kind)); });
  Technique technique;
  technique.label = split_path(path).back();
  technique.plugin = own.use;
  technique.weights = own.weights;
  technique.object = registry_.make(technique.plugin, kind, path);
  technique.entry = registry_.open(technique.plugin, path).entry;
  tree.read(path, [&](Settings& s) { technique.object->settings(s); });
  return technique;
}

std::string Bench::only_entry(const Tree& tree, const std::string& tables) {
  std::vector<std::string> labels = tree.children(tables);
  if (labels.size() != 1) skip("the rules make {} [{}] of the case, wanted one", labels.size(), tables);
  return join_path(tables, labels[0]);
}

}  // namespace caddie::parity
