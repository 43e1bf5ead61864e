// SPDX-License-Identifier: Apache-2.0
// Var, a value on the tape of this thread, and record, which says how its gradient flows back.
#pragma once

#include <caddie/tensor.h>

#include <cstddef>
#include <new>
#include <utility>

namespace caddie {

/// A learned tensor, as a plugin keeps it. Used as a Var it is the weight as the model reads it now:
/// on this thread's tape, through the weight views that act on it.
struct Parameter {
  int index = -1;
  bool defined() const { return index >= 0; }
};

/// Integers [batch, length] on the device of the tape: token ids, or rows of a table.
struct Ids {
  const int32_t* data = nullptr;
  int64_t batch = 0, length = 0;
  Device device = Device::kCpu;
  int64_t numel() const { return batch * length; }
};

struct Node {
  Tensor value;
  float* gradient = nullptr;       // null until something flows back
  float* leaf_gradient = nullptr;  // where the gradient of a weight is collected
  bool needs_grad = false;
};

/// Where an op adds a gradient. When `fresh`, nothing was there yet and the op must assign instead of add.
struct GradientSlot {
  float* data;
  bool fresh;
};

/// A handle to a value of the current forward pass. Valid until the tape is reset, that is for one
/// micro-batch.
class CADDIE_API Var {
 public:
  Var() = default;
  explicit Var(Node* node) : node_(node) {}
  Var(const Parameter& parameter);  // NOLINT: a parameter reads as a value wherever a value is wanted

  const Tensor& value() const { return node_->value; }
  const Shape& shape() const { return node_->value.shape(); }
  float* data() const { return node_->value.data(); }
  Device device() const { return node_->value.device(); }
  bool needs_grad() const { return node_->needs_grad; }
  bool defined() const { return node_ != nullptr; }

  /// The gradient so far, for reading in a backward function; never null there.
  const float* grad() const { return node_->gradient; }
  /// The gradient to add into: zeros at first.
  float* grad_sum() const;
  /// The same without the zeros, for ops that can assign.
  GradientSlot grad_slot() const;

  Node* node() const { return node_; }

 private:
  Node* node_ = nullptr;
};

/// A new value on this thread's tape, not yet filled.
CADDIE_API Var result(const Shape& shape);
/// Integers on this thread's tape, not yet filled.
CADDIE_API Ids result_ids(int64_t batch, int64_t length);
/// A view of x under another shape: same numbers, same gradient.
CADDIE_API Var reshape(Var x, const Shape& shape);
/// A value that no gradient flows into.
CADDIE_API Var constant(const Tensor& tensor);
/// Scratch of this micro-batch: `count` floats, not filled.
CADDIE_API float* scratch(int64_t count);

namespace detail {
CADDIE_API bool wants_record(Var y, std::initializer_list<Var> inputs);
CADDIE_API void* closure_memory(size_t bytes);
CADDIE_API void push_closure(Var y, void* closure, void (*run)(void*), void (*destroy)(void*));
}  // namespace detail

/// Says that y came from `inputs`, and that backward() passes y's gradient on: for each input that needs one,
/// it adds into grad_sum() or grad_slot(). Nothing is recorded when no input needs a gradient.
template <class Backward>
void record(Var y, std::initializer_list<Var> inputs, Backward backward) {
  if (!detail::wants_record(y, inputs)) return;
  void* memory = detail::closure_memory(sizeof(Backward));
  new (memory) Backward(std::move(backward));
  detail::push_closure(
      y, memory, [](void* p) { (*static_cast<Backward*>(p))(); },
      [](void* p) { static_cast<Backward*>(p)->~Backward(); });
}

}  // namespace caddie
