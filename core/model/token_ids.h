// SPDX-License-Identifier: Apache-2.0
// Token ids on their way into a pass: each is a row of the embedding table, and nothing after this looks.
#pragma once

#include "autograd/tape.h"
#include "model/model.h"

namespace caddie {

/// `rows` x `length` token ids of the host, for a pass of `model` on the device of `tape`; `host` must
/// outlive the pass. All ids that reach a model come this way: throws Error naming the first that is outside
/// [0, vocabulary), and where it stands.
Ids place_ids(const Model& model, Tape& tape, const int32_t* host, int64_t rows, int64_t length);

}  // namespace caddie
