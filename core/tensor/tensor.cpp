// SPDX-License-Identifier: Apache-2.0
// Implements shapes, tensors and their copies.
#include <caddie/error.h>
#include <caddie/tensor.h>

#include <memory>
#include <string>

#include "device/device.h"

namespace caddie {

Shape::Shape(std::initializer_list<int64_t> lengths) {
  for (int64_t length : lengths) append(length);
}

void Shape::append(int64_t length) {
  check(rank_ < kMaxRank, "a shape has at most {} axes", kMaxRank);
  check(length >= 0, "an axis cannot have length {}", length);
  lengths_[rank_++] = length;
}

int64_t Shape::operator[](int axis) const {
  int at = axis < 0 ? axis + rank_ : axis;
  check(at >= 0 && at < rank_, "shape {} has no axis {}", text(), axis);
  return lengths_[at];
}

int64_t Shape::numel() const {
  int64_t product = 1;
  for (int i = 0; i < rank_; ++i) product *= lengths_[i];
  return product;
}

int64_t Shape::rows() const {
  int64_t product = 1;
  for (int i = 0; i + 1 < rank_; ++i) product *= lengths_[i];
  return product;
}

Shape Shape::with_last(int64_t length) const {
  check(rank_ > 0, "a scalar has no last axis");
  Shape shape = *this;
  shape.lengths_[rank_ - 1] = length;
  return shape;
}

bool Shape::operator==(const Shape& other) const {
  if (rank_ != other.rank_) return false;
  for (int i = 0; i < rank_; ++i)
    if (lengths_[i] != other.lengths_[i]) return false;
  return true;
}

std::string Shape::text() const {
  std::string out = "[";
  for (int i = 0; i < rank_; ++i) out += (i ? ", " : "") + std::to_string(lengths_[i]);
  return out + "]";
}

Text::Text(const Shape& shape) : text(shape.text()) {}

Tensor::Tensor(const Shape& shape, Device device) : shape_(shape), device_(device) {
  size_t bytes = size_t(shape.numel()) * sizeof(float);
  Backend& memory = backend(device);
  data_ = static_cast<float*>(memory.allocate(bytes));
  memory.zero(data_, bytes);
  owner_ = std::shared_ptr<void>(data_, [&memory, bytes](void* p) { memory.release(p, bytes); });
}

Tensor Tensor::reshaped(const Shape& shape) const {
  check(shape.numel() == numel(), "a tensor of shape {} cannot be seen as {}", shape_, shape);
  Tensor view = *this;
  view.shape_ = shape;
  return view;
}

void copy(const Tensor& from, const Tensor& to) {
  check(from.numel() == to.numel(), "cannot copy {} into {}", from.shape(), to.shape());
  size_t bytes = size_t(from.numel()) * sizeof(float);
  if (from.device() == to.device())
    backend(from.device()).copy_within(to.data(), from.data(), bytes);
  else if (from.device() == Device::kCpu)
    backend(to.device()).copy_in(to.data(), from.data(), bytes);
  else
    backend(from.device()).copy_out(to.data(), from.data(), bytes);
}

Tensor on_host(const Tensor& tensor) {
  if (tensor.device() == Device::kCpu) return tensor;
  Tensor host(tensor.shape());
  copy(tensor, host);
  return host;
}

Tensor clone(const Tensor& tensor) {
  Tensor result(tensor.shape(), tensor.device());
  copy(tensor, result);
  return result;
}

double sum(const Tensor& tensor) {
  Tensor host = on_host(tensor);
  double sum = 0;
  for (int64_t i = 0; i < host.numel(); ++i) sum += host.data()[i];
  return sum;
}

double squared_norm(const Tensor& tensor) {
  Tensor host = on_host(tensor);
  // Independent partial sums let the compiler use vectors; their order is fixed, so the bits are too.
  constexpr int kPartial = 16;
  double part[kPartial] = {};
  const float* x = host.data();
  int64_t n = host.numel(), i = 0;
  for (; i + kPartial <= n; i += kPartial)
    for (int l = 0; l < kPartial; ++l) part[l] += double(x[i + l]) * double(x[i + l]);
  for (int l = 0; i + l < n; ++l) part[l] += double(x[i + l]) * double(x[i + l]);
  double sum = 0;
  for (double p : part) sum += p;
  return sum;
}

}  // namespace caddie
