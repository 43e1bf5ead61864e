// SPDX-License-Identifier: Apache-2.0
// Takes memory from the device in large chunks and never returns it before the arena ends.
#include "autograd/arena.h"

#include <algorithm>

#include "device/device.h"

namespace caddie {
namespace {

#if defined(__SANITIZE_ADDRESS__)
// Each tensor has a chunk of its own, so that AddressSanitizer sees who writes past the end of one.
constexpr size_t kChunkBytes = 1;
#else
constexpr size_t kChunkBytes = size_t(32) << 20;
#endif
// This much room between tensors keeps those of power-of-two sizes from sharing cache sets and low address
// bits.
constexpr size_t kStagger = 192;

}  // namespace

Arena::~Arena() {
  for (Chunk& chunk : chunks_) backend(device_).release(chunk.memory, chunk.bytes);
}

void* Arena::allocate(size_t bytes) {
  bytes = (bytes + 63) / 64 * 64 + kStagger;
  while (chunk_ < chunks_.size() && used_ + bytes > chunks_[chunk_].bytes) {
    ++chunk_;
    used_ = 0;
  }
  if (chunk_ == chunks_.size()) {
    size_t size = std::max(kChunkBytes, bytes);
    chunks_.push_back({static_cast<char*>(backend(device_).allocate(size)), size});
  }
  void* memory = chunks_[chunk_].memory + used_;
  used_ += bytes;
  return memory;
}

size_t Arena::used_bytes() const {
  size_t sum = used_;
  for (size_t i = 0; i < chunk_; ++i) sum += chunks_[i].bytes;
  return sum;
}

size_t Arena::reserved_bytes() const {
  size_t sum = 0;
  for (const Chunk& chunk : chunks_) sum += chunk.bytes;
  return sum;
}

}  // namespace caddie
