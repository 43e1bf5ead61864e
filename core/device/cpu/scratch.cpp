// SPDX-License-Identifier: Apache-2.0
// Keeps one buffer for each thread, which grows to the largest scratch that its kernels ask for.
#include "device/cpu/scratch.h"

#include "device/cpu/buffer.h"

namespace caddie {

float* thread_scratch(int64_t floats) {
  static thread_local Buffer scratch;
  return scratch.reserve(floats);
}

}  // namespace caddie
