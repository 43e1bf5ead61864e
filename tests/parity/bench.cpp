// SPDX-License-Identifier: Apache-2.0
#include "parity/bench.h"

#include <algorithm>

namespace caddie::parity {
namespace {

// Where an experiment names plugins: one each, or one a table below.
constexpr const char* kSingle[] = {"model.activation", "model.head",     "model.initializer",
                                   "train.schedule",   "train.averager", "export.compressor"};
constexpr const char* kMany[] = {"techniques", "optimizers", "evaluators", "export.pruners",
                                 "export.quantizers"};

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
  for (const char* path : kSingle)
    if (tree.has(path)) need_plugin(tree, path, registry_);
  for (const char* tables : kMany)
    for (const std::string& label : tree.children(tables))
      need_plugin(tree, join_path(tables, label), registry_);
  return tree;
}

Technique Bench::make(Tree& tree, const std::string& path, Kind kind) {
  if (!tree.is_table(path)) skip("no rule makes a [{}] of the case", path);
  Technique technique;
  technique.label = split_path(path).back();
  technique.plugin = plugin_at(tree, path);
  technique.object = registry_.make(technique.plugin, kind, path);
  technique.entry = registry_.open(technique.plugin, path).entry;
  const std::string core_settings[] = {"use", "enabled", "layers"};
  tree.know(path, core_settings);
  if (kind == Kind::kPruner || kind == Kind::kQuantizer || kind == Kind::kOptimizer)
    tree.read(path, [&](Settings& s) { s("weights", technique.weights, "what it acts on"); });
  tree.read(path, [&](Settings& s) { technique.object->settings(s); });
  return technique;
}

std::string Bench::only_entry(const Tree& tree, const std::string& tables) {
  std::vector<std::string> labels = tree.children(tables);
  if (labels.size() != 1) skip("the rules make {} [{}] of the case, wanted one", labels.size(), tables);
  return join_path(tables, labels[0]);
}

}  // namespace caddie::parity
