// SPDX-License-Identifier: Apache-2.0
// Checks token ids on their way into a pass. Each names a row of the embedding table, and no later code
// checks them again.
#pragma once

#include "autograd/tape.h"
#include "model/model.h"

namespace caddie {

/// Returns the token ids [rows, length] at `host`, which must outlive the pass, for a pass of `model` on the
/// device of `tape`. All ids that reach a model come this way. Throws Error naming the first that is outside
/// [0, vocabulary), and where it stands.
Ids place_ids(const Model& model, Tape& tape, const int32_t* host, int64_t rows, int64_t length);

}  // namespace caddie
