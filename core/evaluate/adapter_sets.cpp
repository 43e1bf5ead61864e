// SPDX-License-Identifier: Apache-2.0
// A set is a table of weights of its own, whose numbers go on behind those of the model.
#include "evaluate/adapter_sets.h"

#include <numeric>

namespace caddie {
namespace {

/// Lets an adapter declare its weights. Their indices stand behind the model's.
class Declaration final : public Weights {
 public:
  Declaration(WeightTable& table, const Model& model)
      : table_(table),
        shape_(model.shape()),
        behind_(model.weights().size()),
        layers_(size_t(shape_.layers)) {
    std::iota(layers_.begin(), layers_.end(), 0);
  }
  const ModelShape& model() const override { return shape_; }
  const std::vector<int>& layers() const override { return layers_; }

 private:
  Parameter declare(WeightInfo info) override {
    check(info.init.kind != Init::Kind::kInitializer, "{}: an adapter's weight says how it begins",
          info.name);
    info.owner = "adapter";
    return {table_.add(std::move(info)).index + behind_};
  }
  WeightTable& table_;
  const ModelShape& shape_;
  int behind_;
  std::vector<int> layers_;
};

/// Is never asked, since adapters leave no weight to it.
struct NoInitializer final : Initializer {
  void fill(Tensor&, const WeightInfo&, const ModelShape&, Rng&) override {}
};

}  // namespace

int64_t AdapterSets::add(Adapter& adapter, int64_t count) {
  check(!adapter_ || adapter_ == &adapter, "a learner has one adapter, and asks for sets of another one");
  check(count >= 1, "{} sets of an adapter's weights are asked for; at least 1", count);
  int64_t first = size();
  NoInitializer none;
  for (int64_t number = first; number < first + count; ++number) {
    auto set = std::make_unique<Set>(model_.weights().device());
    Declaration declaration(set->table, model_);
    adapter.weights(declaration);
    check(set->table.size() > 0, "an adapter declares no weight");
    set->table.initialize(none, model_.shape(), uint64_t(number), false);
    for (int i = 0; i < set->table.size(); ++i) {
      set->gradients.emplace_back(set->table.value(i).shape(), model_.weights().device());
      set->weights.push_back({&set->table.info(i), set->table.value(i), Tensor()});
    }
    sets_.push_back(std::move(set));
  }
  adapter_ = &adapter;
  return first;
}

std::span<Weight> AdapterSets::weights(int64_t number) {
  check(number >= 0 && number < size(), "there is no set {} of an adapter's weights; there are {}", number,
        size());
  return sets_[size_t(number)]->weights;
}

void AdapterSets::append(int64_t number, bool learns, std::vector<Leaf>& leaves) {
  Set& set = *sets_[size_t(number)];
  for (size_t i = 0; i < set.weights.size(); ++i)
    leaves.push_back({set.weights[i].value, learns ? set.gradients[i].data() : nullptr});
}

void AdapterSets::take_gradients(int64_t number, std::span<const Leaf> leaves) {
  Set& set = *sets_[size_t(number)];
  std::span<const Leaf> own = leaves.last(set.weights.size());
  for (size_t i = 0; i < own.size(); ++i)
    set.weights[i].gradient = own[i].summed ? set.gradients[i] : Tensor();
}

}  // namespace caddie
