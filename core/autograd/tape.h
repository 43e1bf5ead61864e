// SPDX-License-Identifier: Apache-2.0
// Defines the tape of one thread. It holds the values of a forward pass and, in the order of their
// computation, how to propagate gradients backwards through them.
#pragma once

#include <caddie/var.h>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "autograd/arena.h"
#include "autograd/packed_leaf.h"
#include "base/at_work.h"

namespace caddie {

/// Holds the tensor and the gradient of one Parameter during a pass. `gradient` is null when none is wanted.
/// `summed` tells whether the gradient already holds a sum to add to; a backward pass sets it. `packed` may
/// be null.
struct Leaf {
  Tensor value;
  float* gradient = nullptr;
  bool summed = false;
  PackedLeaf* packed = nullptr;
};

/// Returns leaves of which no gradient is wanted. `packed` has one element for each value, or none at all.
std::vector<Leaf> leaves_of(std::span<const Tensor> values, std::span<PackedLeaf> packed = {});

/// Observes, while a pass runs, the inputs of all linear layers whose weight is a leaf.
class LinearObserver {
 public:
  virtual ~LinearObserver() = default;
  /// Receives the input x, [.., in], of a linear layer, and the index of the leaf that is its weight.
  virtual void see(int leaf, const Tensor& x) = 0;
  /// Is called when the memory of the inputs that were seen may be used again; they must not be read
  /// afterwards.
  virtual void forget() = 0;
};

/// Records the operations of a forward pass and runs their gradients backwards. It belongs to one thread.
class Tape {
 public:
  explicit Tape(Device device) : device_(device), values_(device), host_(Device::kCpu), lasting_(device) {}
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Returns the tape that ops of this thread write on. Throws Error when there is none.
  static Tape& current();
  /// Makes a tape current on this thread for as long as the scope lives.
  class Scope {
   public:
    explicit Scope(Tape& tape);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Tape* outer_;
  };

  /// Looks, in the backward passes that run on a tape while the scope lives, for the first gradient that is
  /// not finite.
  class GradientSearch {
   public:
    explicit GradientSearch(Tape& tape) : tape_(tape) { tape.search_ = this; }
    ~GradientSearch() { tape_.search_ = nullptr; }
    GradientSearch(const GradientSearch&) = delete;
    GradientSearch& operator=(const GradientSearch&) = delete;
    /// Returns who computed it; nothing as long as all were finite.
    const std::optional<Worker>& found() const { return found_; }

   private:
    friend class Tape;
    void begin();
    void look(const Worker& worker);
    Tape& tape_;
    std::set<const Node*> ignored_;  // Their gradients had memory that was not filled, or were bad before.
    std::optional<Worker> found_;
  };

  Device device() const { return device_; }
  /// Starts a pass and forgets all values of the last one. The parameters are read from `leaves`, which must
  /// live until the next call.
  void start(std::span<Leaf> leaves, bool recording, LinearObserver* observer = nullptr);
  /// Returns who computed the first recorded value that holds a number that is not finite, or nothing.
  std::optional<Worker> first_not_finite() const;
  /// Runs the tape backwards from y with dy = seed everywhere, and marks the leaves that got a gradient.
  void backward(Var y, float seed);
  /// Runs the tape backwards from the gradients that are already there.
  void backward();
  /// Runs the tape backwards from several outputs, each with its gradient; an undefined tensor stands for
  /// none.
  void backward(std::span<const Var> outputs, std::span<const Tensor> gradients);

  /// Marks a point of the forward pass to which rewind() returns.
  struct Mark {
    size_t nodes = 0, closures = 0, reads = 0;
    Arena::Mark values, host;
  };
  Mark mark() const;
  /// Forgets all values made since the mark, and gives their memory back.
  void rewind(const Mark& mark);
  /// Runs what was recorded since the mark backwards from y with dy = seed everywhere, and then forgets it.
  /// Gradients of values from before the mark stay if their memory was taken before the mark: call
  /// grad_slot() of such a value first, or wrap it with leaf(). A gradient that such a value first gets here
  /// is lost.
  void backward_since(const Mark& mark, Var y, float seed);

  /// Returns the value of the parameter with this index, one and the same node for the whole pass. Throws
  /// Error when there is none.
  Var read(int parameter);
  /// Returns the weight w laid out for products, or null when w is no leaf or is not packed.
  const PackedMatrix* packed(Var w, Transpose transpose) const;
  /// Shows the input and the weight of a linear layer to the observer, if there is one.
  void observe_linear(Var x, Var w) {
    if (observer_) tell_observer(x, w);
  }
  /// Returns a new value whose memory is not filled.
  Var make(const Shape& shape);
  /// Returns a value in the memory of a tensor, which must outlive the pass.
  Var adopt(const Tensor& value);
  /// Returns a value from elsewhere, whose first gradient is assigned to gradient[0..numel) and whose later
  /// ones are added there.
  Var leaf(const Tensor& value, float* gradient);
  /// Returns a copy that no rewind takes back, for a pass that records nothing.
  Var adopt_copy(const Tensor& value);
  /// These return memory, not filled, that lasts as long as the values of the pass. host_memory() is on the
  /// host.
  float* floats(int64_t count) {
    return static_cast<float*>(values_.allocate(size_t(count) * sizeof(float)));
  }
  void* host_memory(size_t bytes) { return host_.allocate(bytes); }
  int32_t* ids(int64_t count) {
    return static_cast<int32_t*>(values_.allocate(size_t(count) * sizeof(int32_t)));
  }
  /// Returns memory for a gradient, not filled, which recycle() takes back once the gradient was passed on.
  float* gradient_memory(int64_t count);
  bool recording() const { return recording_; }
  /// Records that run(closure) passes the gradient of y on to its inputs; destroy(closure) ends the closure.
  void push(Var y, void* closure, void (*run)(void*), void (*destroy)(void*));
  /// Returns the bytes of the values and closures that are there now.
  size_t used_bytes() const { return values_.used_bytes() + host_.used_bytes() + lasting_.used_bytes(); }
  size_t reserved_bytes() const {
    return values_.reserved_bytes() + host_.reserved_bytes() + lasting_.reserved_bytes();
  }

 private:
  struct Closure {
    Node* output;
    void* memory;
    void (*run)(void*);
    void (*destroy)(void*);
    const char* part;
    Worker worker;
  };
  void clear();
  void tell_observer(Var x, Var w);
  void run_closures(size_t first);
  void recycle(Node& node);

  Device device_;
  bool recording_ = false;
  LinearObserver* observer_ = nullptr;
  Arena values_, host_, lasting_;
  std::deque<Node> nodes_, lasting_nodes_;
  std::vector<Closure> closures_;
  std::span<Leaf> leaves_;
  std::vector<Node*> leaf_nodes_;
  // These are the indices of the leaves that have a node, in the order of their reading.
  std::vector<int> reads_;
  // Holds memory of gradients that were passed on, by size: the next gradient of that size finds it in the
  // cache.
  std::map<int64_t, std::vector<float*>> spare_;
  GradientSearch* search_ = nullptr;
};

}  // namespace caddie
