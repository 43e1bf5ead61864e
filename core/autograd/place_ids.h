// SPDX-License-Identifier: Apache-2.0
// Brings token ids to the device of a tape.
#pragma once

#include "autograd/tape.h"

namespace caddie {

/// Returns the integers [rows, length] at `host`, which must outlive the pass, on the tape's device.
Ids place_ids(Tape& tape, const int32_t* host, int64_t rows, int64_t length);

}  // namespace caddie
