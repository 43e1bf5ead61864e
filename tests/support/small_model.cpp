// SPDX-License-Identifier: Apache-2.0
#include "support/small_model.h"

namespace caddie::testing {

Experiment small_experiment(const std::vector<std::string>& changes, Registry& plugins) {
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
    train = { lanes = 1, schedule.use = "constant" }
    export = { quantizers.fp32.weights = ["*"], compressor.use = "zlib" }
    evaluators.standard = {}
  )",
                          "base");
  for (const std::string& change : changes) tree.override_with(change);
  return assemble(tree, plugins, Device::kCpu);
}

void fill_by_name(Model& model) {
  WeightTable& weights = model.weights();
  for (int i = 0; i < weights.size(); ++i)
    copy(random_tensor(weights.info(i).shape, weights.info(i).name.c_str(), 0.3), weights.value(i));
}

}  // namespace caddie::testing
