// SPDX-License-Identifier: Apache-2.0
// Compares tensors bit by bit.
#pragma once

#include <caddie/tensor.h>

namespace caddie {

/// Returns whether two tensors have the same shape and the same bits: 0 and -0 differ, a NaN equals itself.
/// They may lie on any device.
bool same_bits(const Tensor& a, const Tensor& b);

}  // namespace caddie
