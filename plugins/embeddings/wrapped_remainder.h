// SPDX-License-Identifier: Apache-2.0
// Hashes of tokens are products that wrap in 32 bits as signed numbers do.
#pragma once

#include <caddie/plugin.h>

// Returns the remainder of bits, read as a signed number: 0 to modulus - 1, also where that is negative.
CADDIE_FN inline int wrapped_remainder(uint32_t bits, int32_t modulus) {
  int32_t remainder = int32_t(bits) % modulus;
  return remainder < 0 ? remainder + modulus : remainder;
}
