// SPDX-License-Identifier: Apache-2.0
// The text of an experiment: what it trains on, and what it is scored on.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "data/shards.h"
#include "data/vocabulary.h"
#include "experiment/experiment.h"

namespace caddie {

class Corpus {
 public:
  /// Throws Error when shards, tokenizer and model do not fit each other. `experiment` outlives the corpus.
  explicit Corpus(Experiment& experiment);

  const TokenStream& train() const { return train_; }
  /// One sequence of the validation text.
  std::span<const int32_t> probe() const;

  /// Positions that can be scored.
  int64_t positions() const { return int64_t(tokens_.size()) - 1; }
  /// Scores some text, to see how long that takes; returns how many positions.
  int64_t score_sample(std::span<const Tensor> weights) const;

  struct Scored {
    Score score;
    std::set<std::string> visited;  // labels of the techniques that were called
  };
  Scored score(const Technique& evaluator, std::span<const Tensor> weights) const;

 private:
  Experiment& experiment_;
  TokenStream train_, validation_;
  Vocabulary vocabulary_;
  std::vector<int32_t> tokens_;  // of the validation text
};

}  // namespace caddie
