// SPDX-License-Identifier: Apache-2.0
// Weights are scored on the validation text of an experiment, and only by the class that is defined here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "data/shards.h"
#include "data/vocabulary.h"
#include "evaluate/score.h"
#include "experiment/experiment.h"

namespace caddie {

/// Scores weights on the validation text. Every scoring, of a run or of an artifact that is scored again,
/// goes through this class, so that both check the same and score the same positions.
class ValidationText {
 public:
  /// Throws Error as load_byte_sidecar() does, and Error (kUsage) when the validation shards, the tokenizer
  /// and the model do not fit each other, or a shard is not what its manifest says, and Error when a file was
  /// changed since this process hashed it. `experiment` must outlive the text.
  explicit ValidationText(Experiment& experiment);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  /// Returns the tokens: whole sequences, and one target more.
  std::span<const int32_t> tokens() const { return tokens_; }
  /// Returns whether byte sidecars, and not the vocabulary, tell how many bytes each token stands for.
  bool has_sidecar() const { return !sidecar_.empty(); }
  /// Returns how many positions can be scored.
  int64_t positions() const { return int64_t(tokens_.size()) - 1; }

  /// Returns what the blends of an evaluator make of the text, null where it has none. `meanwhile` is called
  /// again and again unless it is empty.
  std::shared_ptr<const StreamBlends> blends_of(const RoutedEvaluator& evaluator,
                                                const std::function<void()>& meanwhile = {}) const;
  /// Returns what evaluators ask for scores under `weights`, which must outlive it, as must this text.
  ModelScorer scorer(std::span<const Tensor> weights,
                     std::shared_ptr<const StreamBlends> blends = nullptr) const;

  struct Scored {
    Score score;
    std::set<std::string> visited;     // the labels of the techniques that were called
    std::optional<bool> learned;       // of an evaluator that learns, whether it changed a weight
    std::vector<std::string> blended;  // the labels of the blends that changed a score
  };
  /// Returns the score of `weights`, one for each weight of the model, under one evaluator of the experiment.
  /// Throws Error when the score is not finite. With `stops` a request to stop ends it with Error
  /// (kInterrupted).
  Scored score(const RoutedEvaluator& evaluator, std::span<const Tensor> weights, bool stops = false) const;

 private:
  Experiment& experiment_;
  Vocabulary vocabulary_;
  std::vector<int32_t> tokens_;
  std::vector<uint16_t> sidecar_;  // the bytes of each token; empty where the vocabulary tells them
};

}  // namespace caddie
