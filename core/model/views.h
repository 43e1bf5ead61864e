// SPDX-License-Identifier: Apache-2.0
// What the model reads in place of its weights: each through the views that act on it, computed once a step.
#pragma once

#include <span>
#include <vector>

#include "autograd/tape.h"
#include "model/model.h"

namespace caddie {

class ViewedWeights {
 public:
  explicit ViewedWeights(Model& model);

  /// Computes the views of the current weights. With `recording`, pull() can follow.
  void refresh(const Progress& progress, Mode mode, bool recording);
  /// In the order of the weights; those without a view are the weights themselves.
  std::span<const Tensor> values() const { return values_; }
  /// Replaces gradients of viewed values by gradients of the weights; undefined ones stay undefined.
  void pull(std::span<Tensor> gradients);

 private:
  Model& model_;
  std::vector<std::vector<const Technique*>> views_;  // by weight
  bool any_ = false;
  Tape tape_;
  std::vector<Leaf> leaves_;
  std::vector<Tensor> gradients_, values_;
  std::vector<Var> outputs_;
};

}  // namespace caddie
