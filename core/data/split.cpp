// SPDX-License-Identifier: Apache-2.0
// Finds the tail of each input that is held out, and the training documents that repeat one of it.
#include "data/split.h"

#include <xxhash.h>

namespace caddie {

Digest digest_of(std::string_view document) {
  XXH128_hash_t hash = XXH3_128bits(document.data(), document.size());
  return {.low = hash.low64, .high = hash.high64};
}

void TailSplit::survey(std::string_view document) {
  input_documents_ += 1;
  input_bytes_ += int64_t(document.size());
  tail_.push_back({.bytes = int64_t(document.size()), .digest = digest_of(document)});
  tail_bytes_ += tail_.back().bytes;
  while (!tail_.empty() && double(tail_bytes_) > quota()) {
    tail_bytes_ -= tail_.front().bytes;
    tail_.pop_front();
  }
}

void TailSplit::end_input() {
  first_held_out_.push_back(input_documents_ - int64_t(tail_.size()));
  for (const Candidate& document : tail_) held_out_.insert(document.digest);
  held_out_count_ += int64_t(tail_.size());
  left_over_ = quota() - double(tail_bytes_);
  tail_.clear();
  tail_bytes_ = input_bytes_ = input_documents_ = 0;
}

Side TailSplit::side(size_t input, int64_t index, const Digest& digest) const {
  if (index >= first_held_out_[input]) return Side::kValidation;
  return held_out_.contains(digest) ? Side::kDropped : Side::kTrain;
}

}  // namespace caddie
