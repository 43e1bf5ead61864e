// SPDX-License-Identifier: Apache-2.0
// Gives each thread memory for the scratch of its kernels. It uses plain types only, because files that are
// compiled for different processors read this header.
#pragma once
#include <cstdint>

namespace caddie {

/// Returns the calling thread's scratch, aligned to 64 bytes and valid until the thread asks again.
float* thread_scratch(int64_t floats);

}  // namespace caddie
