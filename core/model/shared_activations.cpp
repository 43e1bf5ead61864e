// SPDX-License-Identifier: Apache-2.0
// Computes the activations before the first attention, takes rows of them, and resumes a pass from them.
#include "model/shared_activations.h"

#include <algorithm>

#include "autograd/tape.h"
#include "model/forward_pass.h"
#include "tensor/same_bits.h"

namespace caddie {

SharedActivations SharedActivations::rows(int64_t first, int64_t count) const {
  SharedActivations part;
  for (const Tensor& value : values) {
    Shape shape = {1, count};
    for (int axis = 2; axis < value.shape().rank(); ++axis) shape.append(value.shape()[axis]);
    part.values.emplace_back(shape, value.data() + first * (shape.numel() / count), value.device());
  }
  return part;
}

void copy(const SharedActivations& from, const SharedActivations& to) {
  for (size_t i = 0; i < from.values.size(); ++i) copy(from.values[i], to.values[i]);
}

bool same_bits(const SharedActivations& a, const SharedActivations& b) {
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
                    [](const Tensor& x, const Tensor& y) { return same_bits(x, y); });
}

SharedActivations ForwardPass::shared_activations() {
  Var x = stem();
  Entry entry = this->entry(x);
  SharedActivations shared;
  if (!cache_.empty()) return shared;
  for (Var value : {x0, entry.x, entry.h, entry.q, entry.k, entry.v})
    shared.values.push_back(clone(value.value()));
  return shared;
}

void ForwardPass::resume(const SharedActivations& shared) {
  auto value = [&](size_t i) { return Tape::current().adopt(shared.values[i]); };
  x0 = value(0);
  entry_ = Entry{value(1), value(2), value(3), value(4), value(5)};
}

SharedActivations Model::shared_activations(Ids tokens) {
  return ForwardPass(*this, tokens, Mode::kEvaluate, {evaluated_at_}).shared_activations();
}

}  // namespace caddie
