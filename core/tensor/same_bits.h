// SPDX-License-Identifier: Apache-2.0
// Compares tensors to the bit.
#pragma once

#include <caddie/tensor.h>

namespace caddie {

/// Returns whether two tensors have one shape and the same bits. They may lie on any device.
bool same_bits(const Tensor& a, const Tensor& b);

}  // namespace caddie
