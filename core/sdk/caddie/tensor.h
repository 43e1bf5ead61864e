// SPDX-License-Identifier: Apache-2.0
// Shape and Tensor: dense row-major float32 numbers on one device.
#pragma once

#include <caddie/error.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

namespace caddie {

enum class Device : uint8_t { kCpu, kCuda };

/// The lengths of up to six axes. The empty shape is a scalar: one element.
class CADDIE_API Shape {
 public:
  static constexpr int kMaxRank = 6;
  Shape() = default;
  Shape(std::initializer_list<int64_t> lengths);

  int rank() const { return rank_; }
  /// Axis -1 is the last one. Throws Error when there is no such axis.
  int64_t operator[](int axis) const;
  int64_t numel() const;
  /// Length of the last axis; 1 for a scalar.
  int64_t last() const { return rank_ ? lengths_[rank_ - 1] : 1; }
  /// Number of rows: the product of all axes but the last.
  int64_t rows() const;
  /// The same shape with the last axis replaced.
  Shape with_last(int64_t length) const;
  void append(int64_t length);
  bool operator==(const Shape& other) const;
  std::string text() const;  // "[2, 3]"

 private:
  int rank_ = 0;
  int64_t lengths_[kMaxRank] = {};
};

/// A handle: copies share memory. A tensor either owns memory (zero when made) or borrows it from an arena.
class CADDIE_API Tensor {
 public:
  Tensor() = default;
  /// Owns its memory, filled with zeros.
  explicit Tensor(const Shape& shape, Device device = Device::kCpu);
  /// Borrows `data`, which must outlive the tensor and hold shape.numel() floats on `device`.
  Tensor(const Shape& shape, float* data, Device device) : shape_(shape), data_(data), device_(device) {}

  float* data() const { return data_; }
  const Shape& shape() const { return shape_; }
  int64_t numel() const { return shape_.numel(); }
  Device device() const { return device_; }
  bool defined() const { return data_ != nullptr; }
  /// The same numbers under another shape with as many elements.
  Tensor reshaped(const Shape& shape) const;

 private:
  Shape shape_;
  float* data_ = nullptr;
  Device device_ = Device::kCpu;
  std::shared_ptr<void> owner_;
};

/// Copies all elements; shapes must have as many elements, devices may differ.
CADDIE_API void copy(const Tensor& from, const Tensor& to);
/// The tensor itself when it lies on the CPU, a copy there otherwise.
CADDIE_API Tensor on_host(const Tensor& tensor);
CADDIE_API Tensor clone(const Tensor& tensor);
/// Sum of all elements in float64, in order.
CADDIE_API double sum(const Tensor& tensor);
/// Sum of squares in float64, in an order that does not depend on threads.
CADDIE_API double squared_norm(const Tensor& tensor);

}  // namespace caddie
