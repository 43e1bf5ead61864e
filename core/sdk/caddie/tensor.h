// SPDX-License-Identifier: Apache-2.0
// Defines Shape and Tensor. A tensor holds dense row-major float32 numbers on one device.
#pragma once

#include <caddie/error.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

namespace caddie {

/// Names the sort of memory that a tensor lies in, and so where work on it runs.
enum class Device : uint8_t { kCpu, kCuda };

/// Holds the lengths of up to six axes, each at least 0. The empty shape is that of a scalar: one element.
class CADDIE_API Shape {
 public:
  static constexpr int kMaxRank = 6;
  Shape() = default;
  Shape(std::initializer_list<int64_t> lengths);

  int rank() const { return rank_; }
  /// Returns the length of an axis, where -1 is the last one. Throws Error when there is no such axis.
  int64_t operator[](int axis) const;
  /// Returns the number of elements: the product of all axes.
  int64_t numel() const;
  /// Returns the length of the last axis, or 1 for a scalar.
  int64_t last() const { return rank_ ? lengths_[rank_ - 1] : 1; }
  /// Returns the number of rows: the product of all axes but the last, 1 for a scalar.
  int64_t rows() const;
  /// Returns the same shape with the last axis replaced. Throws Error for a scalar.
  Shape with_last(int64_t length) const;
  /// Adds a last axis. Throws Error when there are kMaxRank already or when `length` is negative.
  void append(int64_t length);
  bool operator==(const Shape& other) const;
  std::string text() const;  // reads like "[2, 3]"

 private:
  int rank_ = 0;
  int64_t lengths_[kMaxRank] = {};
};

/// Refers to memory that its copies share. A tensor either owns that memory (zero when made) or borrows it
/// from an arena.
class CADDIE_API Tensor {
 public:
  Tensor() = default;
  /// Makes a tensor that owns its memory, filled with zeros.
  explicit Tensor(const Shape& shape, Device device = Device::kCpu);
  /// Makes a tensor that borrows `data`, which must outlive it and hold shape.numel() floats on `device`.
  Tensor(const Shape& shape, float* data, Device device) : shape_(shape), data_(data), device_(device) {}

  float* data() const { return data_; }
  const Shape& shape() const { return shape_; }
  int64_t numel() const { return shape_.numel(); }
  Device device() const { return device_; }
  bool defined() const { return data_ != nullptr; }
  /// Returns the same numbers, in the same memory, under another shape. Throws Error unless that has as many
  /// elements.
  Tensor reshaped(const Shape& shape) const;

 private:
  Shape shape_;
  float* data_ = nullptr;
  Device device_ = Device::kCpu;
  std::shared_ptr<void> owner_;
};

/// Copies all elements. The shapes and devices may differ; throws Error when the numbers of elements do.
CADDIE_API void copy(const Tensor& from, const Tensor& to);
/// Returns the tensor itself when it lies on the CPU, else a copy there.
CADDIE_API Tensor on_host(const Tensor& tensor);
/// Returns a copy that owns its memory, on the same device.
CADDIE_API Tensor clone(const Tensor& tensor);
/// Returns the sum of all elements, added in their order in float64.
CADDIE_API double sum(const Tensor& tensor);
/// Returns the sum of all squares, added in float64 in an order that does not depend on threads.
CADDIE_API double squared_norm(const Tensor& tensor);

}  // namespace caddie
