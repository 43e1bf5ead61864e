// SPDX-License-Identifier: Apache-2.0
// Declares the interface of samplers, which decide what training batches hold.
#pragma once

#include <caddie/slots.h>

namespace caddie {

/// Gives a sampler the text to train on: shards, which follow one another in one stream.
class CADDIE_API TrainingText {
 public:
  virtual ~TrainingText();
  virtual size_t shards() const = 0;
  virtual std::span<const uint16_t> tokens(size_t shard) const = 0;
};

/// Says how large a batch is, or a part of one.
struct BatchSize {
  int64_t tokens = 0;  // all that are predicted
  int64_t length = 0;  // those of a sequence; no sequence is longer
  bool operator==(const BatchSize&) const = default;
};

/// Names a stretch of the stream that is a row of a batch: the inputs start .. start + length - 1, each of
/// which has the token behind it as its target. A stream that ends starts over.
struct Sequence {
  int64_t start = 0, length = 0;
  bool operator==(const Sequence&) const = default;
};

/// Tells a sampler what it draws from, and for whom.
struct Sampling {
  const TrainingText& text;
  BatchSize part;     // what one rank gets in one micro-step, when batches have the size of the experiment
  int ranks = 1;      // how many train together
  uint64_t seed = 0;  // the run's; all random numbers must come from it
};

/// Decides the order, the length and the size of training batches. Every rank asks it the same and takes its
/// own part, so its answers may depend on nothing but its settings and what it is told. It is asked for one
/// batch more than there are when batches are read ahead, and is then taken back by state().
struct CADDIE_API Sampler : Plugin {
  static constexpr Kind kKind = Kind::kSampler;
  /// Returns every size that batches may have in a training whose experiment sets `set`.
  virtual std::vector<BatchSize> sizes(const BatchSize& set) const { return {set}; }
  /// Returns the size of the batch of the step about to be taken, all ranks together; it is one of sizes().
  /// It is asked while next() runs on another thread.
  virtual BatchSize size(const BatchSize& set, const Progress&) const { return set; }
  /// Starts at the first batch, perhaps once more. Throws Error when the text is too short.
  virtual void begin(const Sampling& sampling) = 0;
  /// Returns the sequences of the next micro-step: for each rank, in their order, part.tokens tokens.
  virtual std::vector<Sequence> next(const BatchSize& part) = 0;
  /// Names the numbers that say where it stands, no tensors, which must be restored after begin().
  virtual void state(Archive&) {}
};

}  // namespace caddie
