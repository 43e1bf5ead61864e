// SPDX-License-Identifier: Apache-2.0
// The score of a part of the validation text estimates that of the whole text, with an interval.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/subset.h"
#include "statistics/ratio.h"

namespace caddie {

/// This is the score of a part of the validation text.
struct PartScore {
  Score score;                   // the score of all stretches together
  std::vector<Score> stretches;  // one score for each stretch
  int64_t whole = 0;             // the number of positions that a score of all the text counts
};

/// Estimates bits per byte of the whole text, with a 95 % interval. With `other`, the score of another model
/// on the same stretches, it estimates the difference from that model. Throws Error when the two are not of
/// the same text.
RatioEstimate estimate_bits_per_byte(const PartScore& part, const PartScore* other = nullptr);

}  // namespace caddie
