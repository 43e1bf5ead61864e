// SPDX-License-Identifier: Apache-2.0
// Looks at every element on the host.
#include "tensor/finite.h"

#include <algorithm>
#include <cmath>

namespace caddie {

bool is_finite(const Tensor& x) {
  Tensor host = on_host(x);
  return std::all_of(host.data(), host.data() + host.numel(),
                     [](float value) { return std::isfinite(value); });
}

}  // namespace caddie
