// SPDX-License-Identifier: Apache-2.0
// The corpus is the text of an experiment: what it trains on, and what it is scored on.
#pragma once

#include <cstdint>
#include <span>

#include "data/loader.h"
#include "run/validation_text.h"

namespace caddie {

/// Opens an experiment's training text and reads its validation text.
class Corpus {
 public:
  /// Throws Error (kUsage) when shards, tokenizer and model do not fit each other. `experiment` must outlive
  /// the corpus.
  explicit Corpus(Experiment& experiment);

  const TokenStream& train() const { return train_; }
  const ValidationText& validation() const { return validation_; }
  /// Returns the sequence of the validation text on which effects of techniques are looked for: the first in
  /// whose middle a document begins, for some techniques act there alone, or the first of all.
  std::span<const int32_t> probe() const;

 private:
  size_t sequence_length_;
  TokenStream train_;
  ValidationText validation_;
};

/// Opens the batches of an experiment for one of `ranks` ranks. Both must outlive the loader.
Loader open_loader(const Experiment& experiment, const Corpus& corpus, int rank = 0, int ranks = 1);

}  // namespace caddie
