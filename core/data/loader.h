// SPDX-License-Identifier: Apache-2.0
// Reads the batches that a sampler decides on, each rank its own part.
#pragma once

#include <caddie/sampler.h>

#include <cstdint>
#include <future>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/shards.h"
#include "model/technique.h"

namespace caddie {

/// Holds one micro-batch. inputs and targets are [rows, length], row-major; a target is the token after its
/// input. `documents`, [rows, length], says where in its row the document of each position begins, and bounds
/// what attention sees; it is empty where tokens alone mark documents.
struct Batch {
  std::vector<int32_t> inputs, targets;
  int64_t rows = 0, length = 0;
  std::vector<int32_t> documents = {};
};

/// Says how the batches of a training are made.
struct Batching {
  BatchSize size;  // the experiment's, which the sampler may change
  int accumulation = 1;
  int rank = 0, ranks = 1;
  uint64_t seed = 0;
};

/// Throws Error, naming the nearest batch that would do, unless size.tokens / (ranks * accumulation), rounded
/// down, is a positive multiple of size.length.
void check_batch(const BatchSize& size, int accumulation, int ranks);

/// Reads the micro-batches of one rank. One rank with n micro-steps a step may see what n ranks with one
/// micro-step see, if its sampler has it so.
class Loader {
 public:
  /// Holds the numbers that say where the sampler stands.
  using Position = std::map<std::string, int64_t>;

  /// Throws Error when check_batch() does for a size that batches may have, or when the stream is empty or
  /// the sampler cannot use it. The stream must outlive the loader.
  Loader(const TokenStream& stream, PluginRef<Sampler> sampler, const Batching& batching);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Returns what this rank reads in the next micro-step: rows of one length each, in their order. The next
  /// one of the same size is prepared in the background meanwhile.
  std::vector<Batch> next(const Progress& progress);
  /// Returns what this rank reads in all micro-steps of the step about to be taken.
  std::vector<Batch> next_step(const Progress& progress);

  /// Starts over at the first batch.
  void restart();
  const Position& position() const { return position_; }
  /// Goes on as where position() was this.
  void return_to(const Position& position);
  /// Shows an archive what a resumed training must know of the batches so far.
  void state(Archive& archive);

  /// Tells whether all batches so far were those that plain reading of the stream gives: with the size of the
  /// experiment, in each micro-step the next tokens, one slice behind the other for the ranks.
  bool is_plain() const { return plain_; }
  /// Returns how many tokens the planned steps have that are still to be taken, all ranks together; where
  /// sizes change it is an estimate, as exact as a thousandth of these steps.
  double tokens_ahead(Progress progress) const;

 private:
  struct Drawn {
    std::vector<Sequence> sequences;  // of all ranks
    std::vector<Batch> batches;       // of this one
  };
  BatchSize part_of(const BatchSize& size) const;
  void begin();
  Drawn draw();
  Drawn draw_ahead();
  std::vector<Batch> read(std::span<const Sequence> sequences) const;
  void append(const Sequence& sequence, Batch& batch) const;
  bool continues_plainly(std::span<const Sequence> sequences) const;
  void show(Archive& archive);
  /// Notes where the sampler stands as position_.
  void remember();

  const TokenStream* stream_;
  PluginRef<Sampler> sampler_;
  Batching batching_;
  BatchSize size_;     // of the batches that are drawn
  Position position_;  // where the sampler was behind the last batch that next() returned
  bool plain_ = true;
  int64_t micro_steps_ = 0;
  // When valid, this is what follows at position_. It is the last member, so that it is joined first.
  std::future<Drawn> ahead_;
};

}  // namespace caddie
