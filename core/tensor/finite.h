// SPDX-License-Identifier: Apache-2.0
// Finds NaN and infinity in tensors.
#pragma once

#include <caddie/tensor.h>

#include <string>

namespace caddie {

/// Returns whether a tensor holds finite numbers only. It may lie on any device.
bool is_finite(const Tensor& x);

/// Returns the place and value of the first element that is NaN or infinite, as in "[2, 0] is nan"; "" when
/// all are finite. The tensor may lie on any device.
std::string first_not_finite(const Tensor& x);

}  // namespace caddie
