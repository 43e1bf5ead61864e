// SPDX-License-Identifier: Apache-2.0
// The losses of a sequence as an evaluation scores it, whole or from some position on.
#pragma once

#include <span>
#include <vector>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "model/model.h"

namespace caddie::testing {

/// Scores the tokens behind each position from `first` on, and returns the losses from `from` on. With `trim`
/// the last layer leaves out what is not scored.
inline std::vector<float> scored_losses(Model& model, std::span<const int32_t> tokens, int64_t first,
                                        bool trim, int64_t from) {
  auto length = int64_t(tokens.size()) - 1;
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  std::vector<float> nats(static_cast<size_t>(length));
  model.score(place_ids(tape, tokens.data(), 1, length), place_ids(tape, tokens.data() + 1, 1, length), 1,
              std::vector<int64_t>{first}, trim, nats.data());
  return {nats.begin() + from, nats.end()};
}

}  // namespace caddie::testing
