// SPDX-License-Identifier: Apache-2.0
// Cuts the endless training stream into the micro-batches of each rank, in a fixed order.
#pragma once

#include <cstdint>
#include <future>
#include <vector>

#include "data/shards.h"

namespace caddie {

/// Holds one micro-batch. inputs and targets are [rows, length], row-major; a target is the token after its
/// input. `documents`, [rows, length], says where in its row the document of each position begins, and bounds
/// what attention sees; it is empty where tokens alone mark documents.
struct Batch {
  std::vector<int32_t> inputs, targets;
  int64_t rows = 0, length = 0;
  std::vector<int32_t> documents = {};
};

/// Throws Error, naming the nearest batch that would do, unless batch_tokens / (world * accumulation),
/// rounded down, is a positive multiple of sequence_length.
void check_batch(int64_t batch_tokens, int64_t sequence_length, int accumulation, int world);

/// Reads the micro-batches of one rank. Each micro-step takes world * (tokens_per_rank() + 1) tokens from the
/// stream, which starts over at its first token when it ends; rank r gets the r-th slice. The last token of a
/// slice is only ever a target. One rank with n micro-steps a step sees the slices that n ranks with one
/// micro-step see.
class Loader {
 public:
  /// Throws Error when check_batch() does, or when the stream is empty. The stream must outlive the loader.
  Loader(const TokenStream& stream, int64_t batch_tokens, int64_t sequence_length, int accumulation,
         int rank = 0, int world = 1);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Returns the next micro-batch of this rank. The one after it is prepared in the background meanwhile.
  Batch next();

  /// Returns how many tokens all ranks together have consumed, counted on when the stream starts over. It is
  /// what seek() wants for a resume.
  int64_t position() const { return position_; }

  /// Continues as if `position` tokens had been consumed. Throws Error when it is negative.
  void seek(int64_t position);

  /// Returns the number of tokens in one Batch.
  int64_t tokens_per_rank() const { return tokens_per_rank_; }

 private:
  Batch read(int64_t position) const;

  const TokenStream* stream_;
  int64_t sequence_length_;
  int64_t tokens_per_rank_ = 0;
  int rank_, world_;
  int64_t position_ = 0;
  // When valid, this is the batch at position_. It is the last member, so that it is joined first.
  std::future<Batch> prefetched_;
};

}  // namespace caddie
