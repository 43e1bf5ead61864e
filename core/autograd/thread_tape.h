// SPDX-License-Identifier: Apache-2.0
// One tape a thread, kept with its memory from one pass to the next.
#pragma once

#include "autograd/tape.h"

namespace caddie {

/// The calling thread's own tape for `device`.
Tape& thread_tape(Device device);

/// `rows` x `length` integers on the tape's device; `host` must outlive the pass.
Ids place_ids(Tape& tape, const int32_t* host, int64_t rows, int64_t length);

}  // namespace caddie
