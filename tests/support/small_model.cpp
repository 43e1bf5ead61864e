// SPDX-License-Identifier: Apache-2.0
#include "support/small_model.h"

#include "laws/plain_parts.h"

namespace caddie::testing {

Tree small_tree(const std::vector<std::string>& changes) {
  Tree tree = Tree::parse(R"(
    data.sequence_length = 12
    model.vocabulary = 31
    model.layers = 4
    model.dim = 64
    model.heads = 4
    model.kv_heads = 2
    model.activation.use = "relu_squared"
    model.head.use = "tied"
    model.initializer.use = "default"
    optimizers.others = { use = "adamw", weights = ["*"], lr = 0.01 }
    train = { gradient_accumulators = 1, schedule.use = "constant" }
    export = { quantizers.others = { use = "fp32", weights = ["*"] }, compressor.use = "zlib" }
    evaluators.standard = {}
  )",
                          "base");
  for (const std::string& change : changes) tree.override_with(change);
  return tree;
}

Experiment small_experiment(const std::vector<std::string>& changes, Registry& plugins) {
  Tree tree = small_tree(changes);
  return assemble(tree, plugins, Device::kCpu);
}

std::vector<std::string> use_of(const std::string& name) {
  const Slot& slot = slot_of(plugin_entry(name).kind);
  std::string path(slot.path);
  if (slot.count != Slot::Count::kMany) return {path + ".use = '" + name + "'"};
  std::string table = path + "." + name;
  if (slot.claims == Slot::Claims::kNone) return {table + " = {}"};
  std::vector<std::string> changes = {table + ".weights = ['role:matrix']"};
  if (slot.claims == Slot::Claims::kEach) changes.push_back(path + ".others.weights = ['!role:matrix']");
  return changes;
}

void fill_by_name(Model& model) { caddie::fill_by_name(model, 0.3); }

}  // namespace caddie::testing
