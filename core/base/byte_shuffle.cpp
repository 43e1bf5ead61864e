// SPDX-License-Identifier: Apache-2.0
// The bytes at one offset within each stride are copied, then those at the next offset; both directions run
// the same two loops.
#include "base/byte_shuffle.h"

#include <caddie/error.h>

namespace caddie {

std::string shuffle_bytes(std::string_view bytes, size_t stride) {
  check(stride >= 1, "byte shuffle: stride {} is too small; at least 1", stride);
  std::string out;
  out.reserve(bytes.size());
  for (size_t lane = 0; lane < stride; ++lane)
    for (size_t i = lane; i < bytes.size(); i += stride) out.push_back(bytes[i]);
  return out;
}

std::string unshuffle_bytes(std::string_view bytes, size_t stride) {
  check(stride >= 1, "byte shuffle: stride {} is too small; at least 1", stride);
  std::string out(bytes.size(), '\0');
  size_t next = 0;
  for (size_t lane = 0; lane < stride; ++lane)
    for (size_t i = lane; i < bytes.size(); i += stride) out[i] = bytes[next++];
  return out;
}

}  // namespace caddie
