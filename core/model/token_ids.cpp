// SPDX-License-Identifier: Apache-2.0
// Checks all ids of a micro-batch before they are placed on the device.
#include "model/token_ids.h"

#include <algorithm>

#include "autograd/place_ids.h"

namespace caddie {
namespace {

/// Throws Error naming the first id outside [0, vocabulary) and its place.
void check_token_ids(std::span<const int32_t> ids, int64_t length, int vocabulary) {
  uint32_t largest = 0;
  // A negative id becomes a very large one.
  for (int32_t id : ids) largest = std::max(largest, uint32_t(id));
  if (largest < uint32_t(vocabulary)) return;
  auto wrong =
      std::find_if(ids.begin(), ids.end(), [=](int32_t id) { return uint32_t(id) >= uint32_t(vocabulary); });
  int64_t place = wrong - ids.begin();
  fail("tokens: the id {} at position {} of sequence {} is outside the model's vocabulary; valid are 0 to {}",
       *wrong, place % length, place / length, vocabulary - 1);
}

}  // namespace

Ids place_ids(const Model& model, Tape& tape, const int32_t* host, int64_t rows, int64_t length) {
  check_token_ids({host, size_t(rows * length)}, length, model.shape().vocabulary);
  return place_ids(tape, host, rows, length);
}

}  // namespace caddie
