// SPDX-License-Identifier: Apache-2.0
// Draws from one stream for each name, and compares bit by bit.
#include "laws/samples.h"

#include <caddie/random.h>

#include <algorithm>
#include <cmath>

#include "laws/law.h"
#include "tensor/finite.h"
#include "tensor/same_bits.h"

namespace caddie {

Tensor random_tensor(const Shape& shape, const char* name, double deviation) {
  Tensor tensor(shape);
  Rng rng(7, name);
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data()[i] = float(deviation * rng.normal());
  return tensor;
}

WeightInfo weight_info(const std::string& name, const Shape& shape, Role role) {
  WeightInfo info;
  info.name = name;
  info.shape = shape;
  info.role = role;
  return info;
}

double relative_error(const Tensor& a, const Tensor& b) {
  Tensor difference = clone(a);
  for (int64_t i = 0; i < a.numel(); ++i) difference.data()[i] -= b.data()[i];
  double error = std::sqrt(squared_norm(difference));
  return error == 0 ? 0 : error / std::sqrt(squared_norm(b));
}

bool same_arrays(const Packed& a, const Packed& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Array& x, const Array& y) {
    return x.name == y.name && x.type == y.type && x.shape == y.shape && x.bytes == y.bytes;
  });
}

void hold_finite(const Tensor& tensor, const std::string& what) {
  if (!is_finite(tensor)) throw Breach{what + " is not finite: " + first_not_finite(tensor)};
}

bool same_bits(std::span<const Tensor> a, std::span<const Tensor> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Tensor& x, const Tensor& y) { return caddie::same_bits(x, y); });
}

void Output::add(const Tensor& tensor) {
  bytes_.append(reinterpret_cast<const char*>(tensor.data()), size_t(tensor.numel()) * sizeof(float));
}

void Output::add(const Packed& packed) {
  for (const Array& array : packed) {
    add(array.name);
    add(array.bytes);
  }
}

void Output::add(double number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }

std::vector<Tensor> clones(std::span<const Tensor> tensors) {
  std::vector<Tensor> copies;
  for (const Tensor& tensor : tensors) copies.push_back(tensor.defined() ? clone(tensor) : Tensor());
  return copies;
}

namespace {

/// Fills a tensor that has memory, as a checkpoint does, and gives memory to one that has none.
void restore(const Tensor& from, Tensor& to) {
  if (to.defined() && to.shape() == from.shape())
    copy(from, to);
  else
    to = from.defined() ? clone(from) : Tensor();
}

}  // namespace

void MemoryArchive::operator()(const char* name, Tensor& tensor) {
  if (loading_)
    restore(tensors_.at(name).at(0), tensor);
  else
    tensors_[name] = clones({&tensor, 1});
}

void MemoryArchive::operator()(const char* name, std::vector<Tensor>& tensors) {
  if (!loading_) {
    tensors_[name] = clones(tensors);
    return;
  }
  const std::vector<Tensor>& kept = tensors_.at(name);
  tensors.resize(kept.size());
  for (size_t i = 0; i < kept.size(); ++i) restore(kept[i], tensors[i]);
}

void MemoryArchive::operator()(const char* name, int64_t& number) {
  if (loading_)
    number = numbers_.at(name);
  else
    numbers_[name] = number;
}

}  // namespace caddie
