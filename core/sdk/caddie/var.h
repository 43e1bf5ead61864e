// SPDX-License-Identifier: Apache-2.0
// Defines Var, a value on the tape of this thread, and record(), which says how its gradient flows back.
#pragma once

#include <caddie/tensor.h>

#include <cstddef>
#include <new>
#include <utility>

namespace caddie {

/// Names a learned tensor; a plugin keeps it as a member. Used as a Var it is the weight as the model reads
/// it now: on this thread's tape, through the weight views that act on it.
struct Parameter {
  int index = -1;
  bool defined() const { return index >= 0; }
};

/// Refers to integers [batch, length] on the device of the tape, such as token ids or row numbers of a table.
struct Ids {
  const int32_t* data = nullptr;
  int64_t batch = 0, length = 0;
  Device device = Device::kCpu;
  int64_t numel() const { return batch * length; }
};

/// Holds what the tape knows of one value; plugins use it through Var.
struct Node {
  Tensor value;
  float* gradient = nullptr;       // is null until something flows back
  float* leaf_gradient = nullptr;  // is where the gradient of a weight is collected; null for other values
  bool needs_grad = false;
};

/// Says where an op adds a gradient. When `fresh`, nothing was there yet and the op must assign instead of
/// add.
struct GradientSlot {
  float* data;
  bool fresh;
};

/// Refers to a value of the current forward pass. It is valid until the tape is reset, that is for one
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

  /// Returns the gradient so far. A backward function reads that of its output, where it is never null.
  const float* grad() const { return node_->gradient; }
  /// Returns the gradient to add into, which is zeros at first.
  float* grad_sum() const;
  /// Returns the gradient to add into without zeros at first, for ops that can assign.
  GradientSlot grad_slot() const;

  Node* node() const { return node_; }

 private:
  Node* node_ = nullptr;
};

/// Returns a new value on this thread's tape, whose memory is not yet filled.
CADDIE_API Var result(const Shape& shape);
/// Returns new integers on this thread's tape, whose memory is not yet filled.
CADDIE_API Ids result_ids(int64_t batch, int64_t length);
/// Returns a view of x under another shape, with the same numbers and the same gradient. Throws Error unless
/// that shape has as many elements.
CADDIE_API Var reshape(Var x, const Shape& shape);
/// Returns a value that no gradient flows into. It borrows the tensor's memory.
CADDIE_API Var constant(const Tensor& tensor);
/// Returns `count` floats of scratch memory on the tape's device, not filled, which last for this
/// micro-batch.
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
