// SPDX-License-Identifier: Apache-2.0
// Holds sets of the weights that an adapter declares, each with its gradients.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "model/model.h"

namespace caddie {

/// Owns the weights that learners train beside a model. Different threads may work on different sets.
class AdapterSets {
 public:
  explicit AdapterSets(const Model& model) : model_(model) {}

  /// Adds sets with initial values, no two alike, and returns the number of the first. Throws Error when the
  /// adapter is another one than before, or leaves a weight to an initializer.
  int64_t add(Adapter& adapter, int64_t count);
  int64_t size() const { return int64_t(sets_.size()); }
  Adapter& adapter() const { return *adapter_; }
  /// Returns the weights of a set with their latest gradients. Throws Error when there is no such set.
  std::span<Weight> weights(int64_t number);

  /// Appends a set to the leaves of a model's weights. With `learns` a pass leaves its gradient there.
  void append(int64_t number, bool learns, std::vector<Leaf>& leaves);
  /// Takes the gradients of a set from leaves that a pass has filled.
  void take_gradients(int64_t number, std::span<const Leaf> leaves);

 private:
  struct Set {
    WeightTable table;
    std::vector<Tensor> gradients;
    std::vector<Weight> weights;
    explicit Set(Device device) : table(device) {}
  };

  const Model& model_;
  Adapter* adapter_ = nullptr;
  std::vector<std::unique_ptr<Set>> sets_;
};

}  // namespace caddie
