// SPDX-License-Identifier: Apache-2.0
// Gives each thread a tape, which keeps its memory from one pass to the next, and brings token ids to its
// device.
#pragma once

#include "autograd/tape.h"

namespace caddie {

/// Returns the calling thread's own tape for `device`.
Tape& thread_tape(Device device);

/// Returns the integers [rows, length] at `host`, which must outlive the pass, on the tape's device.
Ids place_ids(Tape& tape, const int32_t* host, int64_t rows, int64_t length);

}  // namespace caddie
