// SPDX-License-Identifier: Apache-2.0
// Checks the sizes of batches, and reads each micro-batch while the one before it is trained on.
#include "data/loader.h"

#include <caddie/error.h>

#include <algorithm>
#include <string>

#include "base/exit_code.h"

namespace caddie {
namespace {

int64_t tokens_each(int64_t batch_tokens, int accumulation, int world) {
  return batch_tokens / (int64_t(world) * accumulation);
}

}  // namespace

void check_batch(int64_t batch_tokens, int64_t sequence_length, int accumulation, int world) {
  int64_t tokens = tokens_each(batch_tokens, accumulation, world);
  if (tokens > 0 && tokens % sequence_length == 0) return;
  int64_t unit = sequence_length * accumulation * world;
  int64_t below = batch_tokens / unit * unit;
  std::string valid = below > 0 ? std::to_string(below) + " or " : "";
  fail_usage(
      "loader: batch_tokens {} over {} rank(s) and {} micro-step(s) is not a whole number of sequences "
      "of {} tokens; nearest valid batch_tokens: {}{}",
      batch_tokens, world, accumulation, sequence_length, valid, below + unit);
}

Loader::Loader(const TokenStream& stream, int64_t batch_tokens, int64_t sequence_length, int accumulation,
               int rank, int world)
    : stream_(&stream), sequence_length_(sequence_length), rank_(rank), world_(world) {
  check(sequence_length > 0 && accumulation > 0,
        "loader: sequence length {} and {} micro-steps; both must be positive", sequence_length,
        accumulation);
  check(world > 0 && rank >= 0 && rank < world,
        "loader: rank {} of {}; it must be at least 0 and below the number of ranks", rank, world);
  check(stream.size() > 0, "{}: the shards hold no token to train on", stream.pattern());
  check_batch(batch_tokens, sequence_length, accumulation, world);
  tokens_per_rank_ = tokens_each(batch_tokens, accumulation, world);
}

Batch Loader::next() {
  Batch batch = prefetched_.valid() ? prefetched_.get() : read(position_);
  position_ += world_ * (tokens_per_rank_ + 1);
  // A system that starts no further thread has the next batch read when it is asked for.
  constexpr std::launch kAheadIfPossible = std::launch::async | std::launch::deferred;
  prefetched_ = std::async(kAheadIfPossible, [this, position = position_] { return read(position); });
  return batch;
}

void Loader::seek(int64_t position) {
  check(position >= 0, "loader: cannot continue at token {}; a position is 0 or more", position);
  prefetched_ = {};
  position_ = position;
}

Batch Loader::read(int64_t position) const {
  std::vector<int32_t> slice(size_t(tokens_per_rank_ + 1));
  int64_t from = (position + rank_ * int64_t(slice.size())) % stream_->size();
  for (int64_t done = 0; done < int64_t(slice.size()); from = 0) {
    int64_t count = std::min(int64_t(slice.size()) - done, stream_->size() - from);
    stream_->copy(from, count, slice.data() + done);
    done += count;
  }
  return {.inputs = {slice.begin(), slice.end() - 1},
          .targets = {slice.begin() + 1, slice.end()},
          .rows = tokens_per_rank_ / sequence_length_,
          .length = sequence_length_};
}

}  // namespace caddie
