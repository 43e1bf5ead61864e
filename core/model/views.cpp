// SPDX-License-Identifier: Apache-2.0
// Runs the views of weights on a tape of their own, and passes gradients back through them.
#include "model/views.h"

#include <algorithm>

#include "tensor/add_to.h"
#include "tensor/finite.h"

namespace caddie {

ViewedWeights::ViewedWeights(Model& model)
    : model_(model), views_(size_t(model.weights().size())), tape_(model.weights().device()) {
  const WeightTable& weights = model.weights();
  for (const Technique& view : model.parts().of(Kind::kView))
    for (int index : select_weights(weights.infos(), view.weights, "views." + view.label)) {
      views_[size_t(index)].push_back(&view);
      any_ = true;
    }
  for (const Technique& view : model.parts().of(Kind::kView))
    for (int i = 0; i < weights.size(); ++i)
      if (weights.info(i).owner == view.label) owned_.push_back(size_t(i));
  values_.assign(weights.values().begin(), weights.values().end());
  gradients_.resize(values_.size());
  for (size_t i = 0; i < values_.size(); ++i) {
    if (!views_[i].empty() || std::ranges::find(owned_, i) != owned_.end())
      gradients_[i] = Tensor(values_[i].shape(), weights.device());
    leaves_.push_back({values_[i], gradients_[i].data(), false});
  }
}

/// Returns what a view makes of a weight, or the weight itself as long as the view does not act.
Var ViewedWeights::viewed(const Technique& view, Var w, int weight, const Progress& progress, Mode mode) {
  const WeightInfo& info = model_.weights().info(weight);
  view.calls->in[int(mode)].fetch_add(1, std::memory_order_relaxed);
  // Runs share their first steps by the answer of acts(), so a view that says no must not be run.
  if (!view.any()->acts(progress)) return w;
  return view.as<WeightView>(nullptr, info.layer)->view(w, info, progress, mode);
}

void ViewedWeights::refresh(const Progress& progress, Mode mode, bool recording) {
  if (!any_) return;
  Tape::Scope scope(tape_);
  for (Leaf& leaf : leaves_) leaf.summed = false;
  tape_.start(leaves_, recording);
  outputs_.assign(leaves_.size(), Var());
  for (size_t i = 0; i < leaves_.size(); ++i) {
    if (views_[i].empty()) continue;
    Var w = Parameter{int(i)};
    for (const Technique* view : views_[i]) w = viewed(*view, w, int(i), progress, mode);
    outputs_[i] = w;
    values_[i] = w.value();
  }
}

void ViewedWeights::pull(std::span<Tensor> gradients) {
  if (!any_) return;
  std::vector<Var> outputs;
  std::vector<Tensor> seeds;
  std::vector<size_t> indices;
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (views_[i].empty() || !gradients[i].defined()) continue;
    if (outputs_[i].value().data() == leaves_[i].value.data())
      continue;  // The view passed the weight through.
    outputs.push_back(outputs_[i]);
    seeds.push_back(gradients[i]);
    indices.push_back(i);
  }
  tape_.backward(outputs, seeds);
  for (size_t i : indices)
    if (leaves_[i].summed) copy(gradients_[i], gradients[i]);
  for (size_t i : owned_) {
    if (!leaves_[i].summed || !views_[i].empty()) continue;
    if (!gradients[i].defined())
      gradients[i] = gradients_[i];
    else
      for_each(tape_.device(), gradients[i].numel(), AddTo{gradients_[i].data(), gradients[i].data()});
  }
}

std::optional<Worker> ViewedWeights::first_not_finite(int weight, const Progress& progress, Mode mode) {
  Tape::Scope scope(tape_);
  tape_.start(leaves_, false);
  Var w = Parameter{weight};
  if (!is_finite(w.value())) return {};
  for (const Technique* view : views_[size_t(weight)]) {
    w = viewed(*view, w, weight, progress, mode);
    if (!is_finite(w.value()))
      return view->as<WeightView>(nullptr, model_.weights().info(weight).layer).worker();
  }
  return {};
}

std::optional<Worker> ViewedWeights::first_gradient_not_finite(std::span<Tensor> gradients,
                                                               const Progress& progress, Mode mode) {
  refresh(progress, mode, true);
  Tape::GradientSearch search(tape_);
  pull(gradients);
  return search.found();
}

}  // namespace caddie
