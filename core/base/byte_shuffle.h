// SPDX-License-Identifier: Apache-2.0
// Byte shuffle: brings the first bytes of all numbers together, then the second ones, which compresses
// better.
#pragma once

#include <string>
#include <string_view>

namespace caddie {

/// All bytes at offsets 0 mod stride, then those at 1 mod stride, and so on: 1 2 3 4 5 becomes 1 3 5 2 4 for
/// stride 2. Any length; stride >= 1.
std::string shuffle_bytes(std::string_view bytes, size_t stride);
/// The inverse.
std::string unshuffle_bytes(std::string_view bytes, size_t stride);

}  // namespace caddie
