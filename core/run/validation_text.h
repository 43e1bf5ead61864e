// SPDX-License-Identifier: Apache-2.0
// The text that an experiment is scored on, and the one way in which it is scored.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "data/shards.h"
#include "data/vocabulary.h"
#include "evaluate/score.h"
#include "experiment/experiment.h"

namespace caddie {

/// Every scoring, of a run or of an artifact that is scored again, goes through this class, so that both
/// check the same and score the same positions.
class ValidationText {
 public:
  /// Throws Error (kUsage) when the validation shards, the tokenizer and the model do not fit each other.
  /// `experiment` outlives the text.
  explicit ValidationText(Experiment& experiment);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  /// The tokens: whole sequences, and one target more.
  std::span<const int32_t> tokens() const { return tokens_; }
  /// Positions that can be scored.
  int64_t positions() const { return int64_t(tokens_.size()) - 1; }

  /// What evaluators ask for scores under `weights`, which outlive it as this text does.
  ModelScorer scorer(std::span<const Tensor> weights) const;

  struct Scored {
    Score score;
    std::set<std::string> visited;  // labels of the techniques that were called
  };
  /// The score of `weights`, one a weight of the model, under one evaluator of the experiment.
  Scored score(const Technique& evaluator, std::span<const Tensor> weights) const;

 private:
  Experiment& experiment_;
  Vocabulary vocabulary_;
  std::vector<int32_t> tokens_;
};

}  // namespace caddie
