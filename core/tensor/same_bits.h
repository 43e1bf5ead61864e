// SPDX-License-Identifier: Apache-2.0
// Whether two tensors hold the same numbers, to the bit.
#pragma once

#include <caddie/tensor.h>

namespace caddie {

/// Shapes count too; the tensors may lie on any device.
bool same_bits(const Tensor& a, const Tensor& b);

}  // namespace caddie
