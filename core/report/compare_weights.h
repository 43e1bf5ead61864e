// SPDX-License-Identifier: Apache-2.0
// The weights of two runs are compared side by side, tensor by tensor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace caddie {

/// Says how one tensor differs between two files.
struct TensorDifference {
  std::string name;
  std::string only_in;  // "a" or "b" where the other has no such tensor
  std::string shape, other_shape;
  int64_t differing = 0;            // the number of elements whose bits differ
  std::vector<int64_t> first = {};  // the indices of the first element that differs
  double a = 0, b = 0;              // the two values of the first element that differs
  double largest = 0;               // the largest |a - b| over all elements; infinite where one is not finite
  bool is_comparable() const { return only_in.empty() && shape == other_shape; }
};

/// Says how the tensors of two files differ.
struct WeightDifferences {
  int64_t tensors = 0, equal = 0;           // names in either file, and those with equal bits
  std::vector<TensorDifference> differing;  // in the order of the first file, then what only the other has
  bool same() const { return equal == tensors; }
};

/// Compares two safetensors files of float32 tensors by their bits, so that 0 and -0 differ, and a NaN equals
/// itself. Throws Error naming what is no safetensors file, or the tensor of another type.
WeightDifferences compare_weights(const std::filesystem::path& a, const std::filesystem::path& b);

/// Returns one line on a tensor: "blocks.0.attn.q: 12 of its elements differ, first at [0, 3] (0.5 and 0.25),
/// by at most 0.25".
std::string line_of(const TensorDifference& difference);

}  // namespace caddie
