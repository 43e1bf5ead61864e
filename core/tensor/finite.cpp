// SPDX-License-Identifier: Apache-2.0
// Looks at every element on the host.
#include "tensor/finite.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace caddie {

bool is_finite(const Tensor& x) {
  Tensor host = on_host(x);
  return std::all_of(host.data(), host.data() + host.numel(),
                     [](float value) { return std::isfinite(value); });
}

std::string first_not_finite(const Tensor& x) {
  Tensor host = on_host(x);
  const float *begin = host.data(), *end = begin + host.numel();
  const float* found = std::find_if(begin, end, [](float value) { return !std::isfinite(value); });
  if (found == end) return "";
  int64_t rest = found - begin;
  std::string place;
  for (int axis = host.shape().rank() - 1; axis >= 0; --axis) {
    int64_t length = host.shape()[axis];
    place = std::to_string(rest % length) + (place.empty() ? "" : ", ") + place;
    rest /= length;
  }
  return message("[{}] is {}", {place, *found});
}

}  // namespace caddie
