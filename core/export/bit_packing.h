// SPDX-License-Identifier: Apache-2.0
// Stores small integers as a stream of bits, the lowest bit of the first byte first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace caddie {

/// Returns the fewest bits whose two's complement holds all integers; at least 1.
int bits_of(std::string_view integers);

/// Returns the bytes that `count` integers of `bits` bits take.
size_t packed_size(size_t count, int bits);

/// Returns the low `bits` bits of each integer, one after the other; the last byte is filled up with zeros.
std::string pack_bits(std::string_view integers, int bits);

/// Returns `size` integers of `bits` bits, for which `packed` must have packed_size() bytes. Throws Error
/// when the last byte is not filled up with zeros.
std::string unpack_bits(std::string_view packed, int bits, size_t size);

}  // namespace caddie
