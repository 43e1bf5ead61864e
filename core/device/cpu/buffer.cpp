// SPDX-License-Identifier: Apache-2.0
// Allocates aligned memory, on huge pages when it is large.
#include "device/cpu/buffer.h"

#include <sys/mman.h>

#include <new>

#include "device/cpu/kernels.h"

namespace caddie {
namespace {

constexpr int64_t kLineBytes = 64;
constexpr int64_t kHugePageBytes = int64_t{2} << 20;

}  // namespace

float* Buffer::reserve(int64_t floats) {
  if (floats <= floats_) return data();
  int64_t bytes = floats * int64_t{sizeof(float)};
  const int64_t unit = bytes >= kHugePageBytes ? kHugePageBytes : kLineBytes;
  bytes = (bytes + unit - 1) / unit * unit;
  data_.reset();
  floats_ = 0;
  void* memory = std::aligned_alloc(unit, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  if (unit == kHugePageBytes) madvise(memory, bytes, MADV_HUGEPAGE);
  data_.reset(static_cast<float*>(memory));
  floats_ = bytes / int64_t{sizeof(float)};
  return data();
}

float* thread_scratch(int64_t floats) {
  static thread_local Buffer scratch;
  return scratch.reserve(floats);
}

}  // namespace caddie
