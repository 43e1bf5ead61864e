// SPDX-License-Identifier: Apache-2.0
// Implements the tape, and the functions of Var and of the SDK that work on the current one.
#include "autograd/tape.h"

#include <caddie/kernel.h>

#include <algorithm>

#include "autograd/profile.h"
#include "autograd/scope.h"
#include "device/device.h"
#include "tensor/add_to.h"
#include "tensor/finite.h"

namespace caddie {
namespace {

thread_local Tape* current_tape = nullptr;

// Sets every element to one value.
struct Fill {
  float* out;
  float value;
  CADDIE_FN void operator()(int64_t i) const { out[i] = value; }
};

}  // namespace

std::vector<Leaf> leaves_of(std::span<const Tensor> values, std::span<PackedLeaf> packed) {
  std::vector<Leaf> leaves;
  for (const Tensor& value : values)
    leaves.push_back({value, nullptr, false, packed.empty() ? nullptr : &packed[leaves.size()]});
  return leaves;
}

Tape& Tape::current() {
  check(current_tape != nullptr, "an operation was used outside a forward pass");
  return *current_tape;
}

Tape::Scope::Scope(Tape& tape) : outer_(current_tape) { current_tape = &tape; }
Tape::Scope::~Scope() { current_tape = outer_; }

Tape::~Tape() { clear(); }

void Tape::clear() {
  for (Closure& closure : closures_) closure.destroy(closure.memory);
  closures_.clear();
  nodes_.clear();
  reads_.clear();
  spare_.clear();
  values_.reset();
  host_.reset();
  lasting_.reset();
  lasting_nodes_.clear();
}

void Tape::start(std::span<Leaf> leaves, bool recording, LinearObserver* observer) {
  clear();
  recording_ = recording;
  observer_ = observer;
  if (observer_) observer_->forget();
  leaves_ = leaves;
  leaf_nodes_.assign(leaves.size(), nullptr);
}

Tape::Mark Tape::mark() const {
  return {nodes_.size(), closures_.size(), reads_.size(), values_.mark(), host_.mark()};
}

void Tape::rewind(const Mark& mark) {
  for (; closures_.size() > mark.closures; closures_.pop_back())
    closures_.back().destroy(closures_.back().memory);
  for (; reads_.size() > mark.reads; reads_.pop_back()) leaf_nodes_[size_t(reads_.back())] = nullptr;
  while (nodes_.size() > mark.nodes) nodes_.pop_back();
  spare_.clear();
  values_.rewind(mark.values);
  host_.rewind(mark.host);
  if (observer_) observer_->forget();
}

void Tape::tell_observer(Var x, Var w) {
  auto leaf = std::find(leaf_nodes_.begin(), leaf_nodes_.end(), w.node());
  if (leaf != leaf_nodes_.end()) observer_->see(int(leaf - leaf_nodes_.begin()), x.value());
}

Var Tape::make(const Shape& shape) {
  nodes_.push_back({Tensor(shape, floats(shape.numel()), device_), nullptr, nullptr, false});
  return Var(&nodes_.back());
}

Var Tape::adopt(const Tensor& value) {
  nodes_.push_back({value, nullptr, nullptr, false});
  return Var(&nodes_.back());
}

Var Tape::leaf(const Tensor& value, float* gradient) {
  nodes_.push_back({value, nullptr, gradient, recording_});
  return Var(&nodes_.back());
}

Var Tape::adopt_copy(const Tensor& value) {
  auto* memory = static_cast<float*>(lasting_.allocate(size_t(value.numel()) * sizeof(float)));
  lasting_nodes_.push_back({Tensor(value.shape(), memory, device_), nullptr, nullptr, false});
  copy(value, lasting_nodes_.back().value);
  return Var(&lasting_nodes_.back());
}

Var Tape::read(int parameter) {
  check(parameter >= 0 && size_t(parameter) < leaves_.size(), "a weight was read before it was declared");
  Node*& node = leaf_nodes_[size_t(parameter)];
  if (!node) {
    const Leaf& leaf = leaves_[size_t(parameter)];
    check(leaf.value.defined(), "an evaluation reads a weight that was declared for training only");
    node = adopt(leaf.value).node();
    node->needs_grad = recording_ && leaf.gradient;
    node->leaf_gradient = leaf.gradient;
    node->gradient = leaf.summed ? leaf.gradient : nullptr;
    reads_.push_back(parameter);
  }
  return Var(node);
}

const PackedMatrix* Tape::packed(Var w, Transpose transpose) const {
  if (device_ != Device::kCpu) return nullptr;
  auto found = std::find(leaf_nodes_.begin(), leaf_nodes_.end(), w.node());
  if (found == leaf_nodes_.end()) return nullptr;
  const Leaf& leaf = leaves_[size_t(found - leaf_nodes_.begin())];
  return leaf.packed ? &leaf.packed->get(transpose, leaf.value) : nullptr;
}

std::optional<Worker> Tape::first_not_finite() const {
  for (const Closure& closure : closures_)
    if (!is_finite(closure.output->value)) return closure.worker;
  return {};
}

void Tape::push(Var y, void* closure, void (*run)(void*), void (*destroy)(void*)) {
  closures_.push_back({y.node(), closure, run, destroy, current_part(), at_work()});
}

float* Tape::gradient_memory(int64_t count) {
  std::vector<float*>& spare = spare_[count];
  if (spare.empty()) return floats(count);
  float* memory = spare.back();
  spare.pop_back();
  return memory;
}

void Tape::recycle(Node& node) {
  if (!node.gradient || node.leaf_gradient) return;
  spare_[node.value.numel()].push_back(node.gradient);
  node.gradient = nullptr;
}

void Tape::GradientSearch::begin() {
  ignored_.clear();
  for (const Node& node : tape_.nodes_)
    if (node.gradient && !is_finite(Tensor(node.value.shape(), node.gradient, tape_.device_)))
      ignored_.insert(&node);
}

/// Checks the gradients that are there once `worker` has passed its own on.
void Tape::GradientSearch::look(const Worker& worker) {
  if (found_) return;
  for (const Node& node : tape_.nodes_)
    if (node.gradient && !ignored_.contains(&node) &&
        !is_finite(Tensor(node.value.shape(), node.gradient, tape_.device_))) {
      found_ = worker;
      return;
    }
}

void Tape::run_closures(size_t first) {
  if (search_) search_->begin();
  for (size_t i = closures_.size(); i-- > first;) {
    Closure& closure = closures_[i];
    if (!closure.output->gradient) continue;
    charge_backward(closure.part);
    Worker worker = closure.worker;
    worker.backward = true;
    AtWork work(worker);
    closure.run(closure.memory);
    recycle(*closure.output);
    if (search_) search_->look(worker);
  }
  charge_backward(nullptr);
  for (size_t i = 0; i < leaves_.size(); ++i)
    if (leaf_nodes_[i] && leaf_nodes_[i]->gradient) leaves_[i].summed = true;
}

void Tape::backward(Var y, float seed) {
  Scope scope(*this);
  for_each(device_, y.value().numel(), Fill{y.grad_slot().data, seed});
  run_closures(0);
}

void Tape::backward_since(const Mark& mark, Var y, float seed) {
  Scope scope(*this);
  for_each(device_, y.value().numel(), Fill{y.grad_slot().data, seed});
  run_closures(mark.closures);
  rewind(mark);
}

void Tape::backward() {
  Scope scope(*this);
  run_closures(0);
}

void Tape::backward(std::span<const Var> outputs, std::span<const Tensor> gradients) {
  Scope scope(*this);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (gradients[i].defined() && outputs[i].needs_grad())
      copy(gradients[i], Tensor(outputs[i].shape(), outputs[i].grad_slot().data, device_));
  run_closures(0);
}

Var::Var(const Parameter& parameter) : node_(Tape::current().read(parameter.index).node()) {}

GradientSlot Var::grad_slot() const {
  if (node_->gradient) return {node_->gradient, false};
  node_->gradient =
      node_->leaf_gradient ? node_->leaf_gradient : Tape::current().gradient_memory(node_->value.numel());
  return {node_->gradient, true};
}

float* Var::grad_sum() const {
  GradientSlot slot = grad_slot();
  if (slot.fresh) backend(device()).zero(slot.data, size_t(node_->value.numel()) * sizeof(float));
  return slot.data;
}

Var result(const Shape& shape) { return Tape::current().make(shape); }

Ids result_ids(int64_t batch, int64_t length) {
  Tape& tape = Tape::current();
  return {tape.ids(batch * length), batch, length, tape.device()};
}

Var reshape(Var x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Tensor view = x.value().reshaped(shape);
  Var y = Tape::current().adopt(view);
  record(y, {x}, [=] {
    // A view costs nothing: the gradient of y becomes that of x where x has none yet.
    Node* from = y.node();
    Node* to = x.node();
    if (!to->gradient && !to->leaf_gradient) {
      to->gradient = from->gradient;
      from->gradient = nullptr;
      return;
    }
    GradientSlot dx = x.grad_slot();
    const float* dy = from->gradient;
    if (dx.fresh)
      copy(Tensor(shape, from->gradient, x.device()), Tensor(shape, dx.data, x.device()));
    else
      for_each(x.device(), x.value().numel(), AddTo{dy, dx.data});
  });
  return y;
}

Var constant(const Tensor& tensor) { return Tape::current().adopt(tensor); }

float* scratch(int64_t count) { return Tape::current().floats(count); }

bool detail::wants_record(Var y, std::initializer_list<Var> inputs) {
  if (!Tape::current().recording()) return false;
  for (const Var& input : inputs)
    if (input.defined() && input.needs_grad()) y.node()->needs_grad = true;
  return y.needs_grad();
}

void* detail::closure_memory(size_t bytes) { return Tape::current().host_memory(bytes); }

void detail::push_closure(Var y, void* closure, void (*run)(void*), void (*destroy)(void*)) {
  Tape::current().push(y, closure, run, destroy);
}

}  // namespace caddie
