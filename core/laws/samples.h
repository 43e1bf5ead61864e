// SPDX-License-Identifier: Apache-2.0
// Makes the tensors, weights and archives by which plugins are tried, and compares what comes back.
#pragma once

#include <caddie/export_slots.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns standard normal numbers times `deviation`, the same for the same name.
Tensor random_tensor(const Shape& shape, const char* name, double deviation = 1);

/// Returns a weight that belongs to no layer.
WeightInfo weight_info(const std::string& name, const Shape& shape, Role role = Role::kMatrix);

/// Returns |a - b| / |b|, 0 where both are zero.
double relative_error(const Tensor& a, const Tensor& b);

/// Tells whether all arrays have the same names, types, shapes and bytes.
bool same_arrays(const Packed& a, const Packed& b);

/// Throws Breach, which says of `what` which element is NaN or infinite, unless all are finite.
void hold_finite(const Tensor& tensor, const std::string& what);

/// Tells whether two lists hold tensors of the same bits.
bool same_bits(std::span<const Tensor> a, std::span<const Tensor> b);

/// Returns copies that own their memory.
std::vector<Tensor> clones(std::span<const Tensor> tensors);

/// Collects the bytes of what a plugin makes.
class Output {
 public:
  void add(const Tensor& tensor);
  void add(const Packed& packed);
  void add(std::string_view text) { bytes_ += text; }
  void add(double number);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Keeps what a plugin saves, and hands it to another: save(a); load(b).
class MemoryArchive final : public Archive {
 public:
  template <class Stateful>
  void save(Stateful& plugin) {
    loading_ = false;
    plugin.state(*this);
  }
  template <class Stateful>
  void load(Stateful& plugin) {
    loading_ = true;
    plugin.state(*this);
  }
  const std::vector<Tensor>& tensors(const std::string& name) const { return tensors_.at(name); }

  void operator()(const char* name, Tensor& tensor) override;
  void operator()(const char* name, std::vector<Tensor>& tensors) override;
  void operator()(const char* name, int64_t& number) override;

 private:
  bool loading_ = false;
  std::map<std::string, std::vector<Tensor>> tensors_;
  std::map<std::string, int64_t> numbers_;
};

}  // namespace caddie
