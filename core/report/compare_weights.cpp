// SPDX-License-Identifier: Apache-2.0
// Elements are compared by their bits: a NaN equals the same NaN, and -0 differs from 0.
#include "report/compare_weights.h"

#include <caddie/error.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "tensor/safetensors.h"

namespace caddie {
namespace {

/// Returns the indices of an element by its place in row-major order.
std::vector<int64_t> indices_of(int64_t element, const Shape& shape) {
  std::vector<int64_t> indices(size_t(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    indices[size_t(axis)] = element % shape[axis];
    element /= shape[axis];
  }
  return indices;
}

double distance(float a, float b) {
  double between = std::abs(double(a) - double(b));
  return std::isfinite(between) ? between : std::numeric_limits<double>::infinity();
}

void compare_values(const Tensor& a, const Tensor& b, TensorDifference& difference) {
  const float *ours = a.data(), *theirs = b.data();
  for (int64_t i = 0; i < a.numel(); ++i) {
    if (std::bit_cast<uint32_t>(ours[i]) == std::bit_cast<uint32_t>(theirs[i])) continue;
    if (difference.differing++ == 0) {
      difference.first = indices_of(i, a.shape());
      difference.a = ours[i];
      difference.b = theirs[i];
    }
    difference.largest = std::max(difference.largest, distance(ours[i], theirs[i]));
  }
}

TensorDifference compare(const SafetensorsFile& a, const SafetensorsFile& b, const std::string& name) {
  TensorDifference difference{name, "", a.tensor(name).shape.text(), b.tensor(name).shape.text()};
  if (difference.is_comparable()) compare_values(a.floats(name), b.floats(name), difference);
  return difference;
}

}  // namespace

WeightDifferences compare_weights(const std::filesystem::path& a, const std::filesystem::path& b) {
  SafetensorsFile ours(a), theirs(b);
  WeightDifferences found;
  auto add = [&](TensorDifference difference) {
    ++found.tensors;
    bool is_equal = difference.is_comparable() && difference.differing == 0;
    found.equal += is_equal;
    if (!is_equal) found.differing.push_back(std::move(difference));
  };
  for (const StoredTensor& tensor : ours.tensors())
    add(theirs.has(tensor.name) ? compare(ours, theirs, tensor.name)
                                : TensorDifference{tensor.name, "a", tensor.shape.text(), ""});
  for (const StoredTensor& tensor : theirs.tensors())
    if (!ours.has(tensor.name)) add({tensor.name, "b", "", tensor.shape.text()});
  return found;
}

std::string line_of(const TensorDifference& d) {
  if (!d.only_in.empty()) return fmt::format("{}: only in {}", d.name, d.only_in);
  if (!d.is_comparable()) return fmt::format("{}: {} and {}", d.name, d.shape, d.other_shape);
  return fmt::format("{}: {} of its elements differ, first at [{}] ({} and {}), by at most {:.3g}", d.name,
                     with_commas(d.differing), fmt::join(d.first, ", "), float(d.a), float(d.b), d.largest);
}

}  // namespace caddie
