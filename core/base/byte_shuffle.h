// SPDX-License-Identifier: Apache-2.0
// Shuffles bytes before compression: the first bytes of all numbers come together, then the second ones,
// which compresses better.
#pragma once

#include <string>
#include <string_view>

namespace caddie {

/// Returns all bytes at offsets 0 mod stride, then those at 1 mod stride, and so on: 1 2 3 4 5 becomes 1 3 5
/// 2 4 for stride 2. The length may be any. Throws Error unless stride >= 1.
std::string shuffle_bytes(std::string_view bytes, size_t stride);
/// Returns the bytes that shuffle_bytes was given with the same stride.
std::string unshuffle_bytes(std::string_view bytes, size_t stride);

}  // namespace caddie
