// SPDX-License-Identifier: Apache-2.0
// A set is a table of weights of its own, whose numbers go on behind those of the model.
#include "evaluate/adapter_sets.h"

#include <algorithm>
#include <numeric>

#include "tensor/same_bits.h"

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

std::unique_ptr<AdapterSets::Set> AdapterSets::made(Adapter& adapter, int64_t number) const {
  auto set = std::make_unique<Set>(model_.weights().device());
  Declaration declaration(set->table, model_);
  adapter.weights(declaration);
  check(set->table.size() > 0, "an adapter declares no weight");
  NoInitializer none;
  set->table.initialize(none, model_.shape(), uint64_t(number), false);
  return set;
}

int64_t AdapterSets::add(Adapter& adapter, int64_t count) {
  check(!adapter_ || adapter_ == &adapter, "a learner has one adapter, and asks for sets of another one");
  check(count >= 1, "{} sets of an adapter's weights are asked for; at least 1", count);
  auto first = int64_t(sets_.size());
  for (int64_t number = first; number < first + count; ++number) {
    Set& set = *sets_.emplace_back(made(adapter, number));
    for (int i = 0; i < set.table.size(); ++i) {
      set.gradients.emplace_back(set.table.value(i).shape(), model_.weights().device());
      set.weights.push_back({&set.table.info(i), set.table.value(i), Tensor()});
    }
  }
  adapter_ = &adapter;
  return first;
}

void AdapterSets::drop(int64_t first, int64_t count) {
  for (int64_t number = first; number < first + count; ++number) {
    weights(number);
    sets_[size_t(number)].reset();
  }
}

std::span<Weight> AdapterSets::weights(int64_t number) {
  bool known = number >= 0 && number < int64_t(sets_.size()) && sets_[size_t(number)];
  check(known, "there is no set {} of an adapter's weights; there have been {}", number,
        int64_t(sets_.size()));
  return sets_[size_t(number)]->weights;
}

void AdapterSets::note_use(int64_t number) {
  const Set& set = *sets_[size_t(number)];
  if (have_learned_ || !set.trained) return;
  std::unique_ptr<Set> initial = made(*adapter_, number);
  have_learned_ = !std::ranges::equal(set.table.values(), initial->table.values(),
                                      [](const Tensor& a, const Tensor& b) { return same_bits(a, b); });
}

void AdapterSets::append(int64_t number, bool learns, std::vector<Leaf>& leaves) {
  Set& set = *sets_[size_t(number)];
  for (size_t i = 0; i < set.weights.size(); ++i)
    leaves.push_back({set.weights[i].value, learns ? set.gradients[i].data() : nullptr});
}

void AdapterSets::take_gradients(int64_t number, std::span<const Leaf> leaves) {
  Set& set = *sets_[size_t(number)];
  std::span<const Leaf> own = leaves.last(set.weights.size());
  set.trained = true;
  for (size_t i = 0; i < own.size(); ++i)
    set.weights[i].gradient = own[i].summed ? set.gradients[i] : Tensor();
}

}  // namespace caddie
