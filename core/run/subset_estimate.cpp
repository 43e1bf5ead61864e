// SPDX-License-Identifier: Apache-2.0
// Each stretch of text gives its bits and bytes; against a second score the bits are differences.
#include "run/subset_estimate.h"

#include <caddie/error.h>

#include <cmath>

namespace caddie {
namespace {

/// Tells whether the two scores are of stretches with the same numbers of tokens and bytes.
bool is_same_text(const PartScore& a, const PartScore& b) {
  if (a.stretches.size() != b.stretches.size()) return false;
  for (size_t i = 0; i < a.stretches.size(); ++i)
    if (a.stretches[i].bytes != b.stretches[i].bytes || a.stretches[i].tokens != b.stretches[i].tokens)
      return false;
  return true;
}

}  // namespace

RatioEstimate estimate_bits_per_byte(const PartScore& part, const PartScore* other) {
  check(!other || is_same_text(part, *other),
        "--against: the two evaluators do not score the same text; give both the same data, windows and "
        "--stride");
  std::vector<double> bits, bytes;
  for (size_t i = 0; i < part.stretches.size(); ++i) {
    bits.push_back(part.stretches[i].nats / std::log(2.0));
    if (other) bits.back() -= other->stretches[i].nats / std::log(2.0);
    bytes.push_back(double(part.stretches[i].bytes));
  }
  return estimate_ratio(bits, bytes, double(part.score.tokens) / double(part.whole));
}

}  // namespace caddie
