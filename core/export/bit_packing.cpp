// SPDX-License-Identifier: Apache-2.0
// Bits wait in a word until a byte of them is full, or until an integer has all of its own.
#include "export/bit_packing.h"

#include <caddie/error.h>

#include <bit>
#include <cstdint>

namespace caddie {

int bits_of(std::string_view integers) {
  unsigned spread = 0;  // the bits in which an integer differs from its sign
  for (char c : integers) spread |= uint8_t(c < 0 ? ~c : c);
  return std::bit_width(spread) + 1;
}

size_t packed_size(size_t count, int bits) { return (count * size_t(bits) + 7) / 8; }

std::string pack_bits(std::string_view integers, int bits) {
  std::string packed;
  packed.reserve(packed_size(integers.size(), bits));
  uint32_t mask = (1u << bits) - 1, held = 0;
  int count = 0;
  for (char c : integers) {
    held |= (uint8_t(c) & mask) << count;
    for (count += bits; count >= 8; count -= 8, held >>= 8) packed += char(held);
  }
  if (count > 0) packed += char(held);
  return packed;
}

std::string unpack_bits(std::string_view packed, int bits, size_t size) {
  std::string integers(size, '\0');
  uint32_t mask = (1u << bits) - 1, sign = 1u << (bits - 1), held = 0;
  int count = 0;
  size_t next = 0;
  for (char& c : integers) {
    if (count < bits) {
      held |= uint32_t(uint8_t(packed[next++])) << count;
      count += 8;
    }
    c = char(((held & mask) ^ sign) - sign);
    held >>= bits;
    count -= bits;
  }
  check(held == 0, "artifact: the payload is damaged: bits behind the last integer");
  return integers;
}

}  // namespace caddie
