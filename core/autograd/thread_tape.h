// SPDX-License-Identifier: Apache-2.0
// Gives each thread a tape, which keeps its memory from one pass to the next.
#pragma once

#include "autograd/tape.h"

namespace caddie {

/// Returns the calling thread's own tape for `device`.
Tape& thread_tape(Device device);

}  // namespace caddie
