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
  /// Frees the memory of sets.
  void drop(int64_t first, int64_t count);
  Adapter& adapter() const { return *adapter_; }
  /// Returns the weights of a set with their latest gradients. Throws Error when there is no such set.
  std::span<Weight> weights(int64_t number);

  /// Appends a set to the leaves of a model's weights. With `learns` a pass leaves its gradient there.
  void append(int64_t number, bool learns, std::vector<Leaf>& leaves);
  /// Takes the gradients of a set from leaves that a pass has filled.
  void take_gradients(int64_t number, std::span<const Leaf> leaves);

  /// Notes that a set is about to be read.
  void note_use(int64_t number);
  /// Tells whether a set was read that had been trained to other values than it began with.
  bool have_learned() const { return have_learned_; }

 private:
  struct Set {
    WeightTable table;
    std::vector<Tensor> gradients;
    std::vector<Weight> weights;
    bool trained = false;  // whether it ever got gradients
    explicit Set(Device device) : table(device) {}
  };
  /// Returns a set as it begins.
  std::unique_ptr<Set> made(Adapter& adapter, int64_t number) const;

  const Model& model_;
  Adapter* adapter_ = nullptr;
  std::vector<std::unique_ptr<Set>> sets_;  // null for those that were dropped
  bool have_learned_ = false;
};

}  // namespace caddie
