// SPDX-License-Identifier: Apache-2.0
// Computes what the model reads in place of its weights: each through the views that act on it, once in each
// step.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "autograd/tape.h"
#include "model/model.h"

namespace caddie {

/// Holds the weights as the model reads them: each through its views, in the experiment's order.
class ViewedWeights {
 public:
  explicit ViewedWeights(Model& model);

  /// Computes the views of the current weights. With `recording`, pull() can follow.
  void refresh(const Progress& progress, Mode mode, bool recording);
  /// Returns what the model reads, in the order of the weights; weights without a view stand there
  /// themselves.
  std::span<const Tensor> values() const { return values_; }
  /// Replaces gradients of viewed values by gradients of the weights; undefined ones stay undefined. Weights
  /// that views declared get what flows back to them besides.
  void pull(std::span<Tensor> gradients);

  /// Returns who shows the weight as what is not finite, though what it was given is; nothing when no view
  /// does. refresh() has to follow before values() or pull() are used.
  std::optional<Worker> first_not_finite(int weight, const Progress& progress, Mode mode);
  /// Does what refresh() and pull() do, and returns who passes the first gradient on that is not finite;
  /// nothing when all are finite.
  std::optional<Worker> first_gradient_not_finite(std::span<Tensor> gradients, const Progress& progress,
                                                  Mode mode);

 private:
  Var viewed(const Technique& view, Var w, int weight, const Progress& progress, Mode mode);

  Model& model_;
  std::vector<std::vector<const Technique*>> views_;  // indexed by weight
  std::vector<size_t> owned_;                         // the weights that views declared
  bool any_ = false;
  Tape tape_;
  std::vector<Leaf> leaves_;
  std::vector<Tensor> gradients_, values_;
  std::vector<Var> outputs_;
};

}  // namespace caddie
