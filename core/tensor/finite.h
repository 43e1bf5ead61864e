// SPDX-License-Identifier: Apache-2.0
// Tells whether a tensor is free of NaN and infinity.
#pragma once

#include <caddie/tensor.h>

namespace caddie {

/// Returns whether a tensor holds finite numbers only. It may lie on any device.
bool is_finite(const Tensor& x);

}  // namespace caddie
