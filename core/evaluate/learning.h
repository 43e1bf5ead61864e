// SPDX-License-Identifier: Apache-2.0
// Scores and trains a copy of a model's weights on the validation stream: a position is scored before it is
// trained on, and never after.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "evaluate/adapter_sets.h"
#include "evaluate/score.h"
#include "train/gradient.h"

namespace caddie {

/// Scores windows with weights that a learner changes in between.
class ModelLearner final : public LearningScorer {
 public:
  /// `weights` is copied; the others are as ModelScorer has them. The sum of a gradient depends on the number
  /// of accumulators, each of which holds one gradient of the whole model.
  ModelLearner(Model& model, std::span<const Tensor> weights, std::span<const int32_t> tokens,
               const Vocabulary& vocabulary, int64_t batch_tokens, int accumulators,
               std::span<const uint16_t> sidecar = {}, std::shared_ptr<const StreamBlends> blends = nullptr);

  int64_t positions() const override { return scorer_.positions(); }
  int64_t sequence_length() const override { return scorer_.sequence_length(); }
  std::span<const int64_t> document_starts() const override { return scorer_.document_starts(); }
  /// Throws Error when a window scores a position that was trained on.
  Score score(std::span<const Window> windows, double temperature) override;
  std::span<Weight> weights() override;
  double gradient(std::span<const Passage> rows) override;
  int64_t add_sets(Adapter& adapter, int64_t count) override { return sets_.add(adapter, count); }
  void drop_sets(int64_t first, int64_t count) override { sets_.drop(first, count); }
  std::span<Weight> set(int64_t number) override { return sets_.weights(number); }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) override;
  /// Tells whether a weight of the model was changed, or one of an adapter that a later score read.
  bool has_learned(std::span<const Tensor> given) const;
  /// Lets `check` be called again and again, as ModelScorer::call_meanwhile() does.
  void call_meanwhile(const std::function<void()>& check);

 private:
  enum class Position : uint8_t { kNew, kScored, kTrainedOn };
  /// Returns the tokens of the rows as a batch. Throws Error when they are not of one length.
  Batch batch_of(std::span<const Passage> rows) const;
  /// Throws Error unless each token of the row is one that was scored, or the first one of a document.
  void check_scored(const Passage& row) const;
  /// Marks the positions that windows score. Throws Error when one was trained on.
  void mark_scored(const Window& window);
  void check_sets(std::span<const AdaptedWindow> windows);
  Score run(const AdaptedWindow& window);

  Model& model_;
  std::span<const int32_t> tokens_;
  std::vector<Tensor> values_;
  std::vector<Weight> learned_;
  std::vector<size_t> learned_index_;  // the place of each of these among the model's weights
  std::vector<Position> positions_;
  ModelScorer scorer_;
  GradientSum sum_;
  AdapterSets sets_;
  std::vector<PackedLeaf> packed_;  // of the values that windows with adapters read
  std::function<void()> meanwhile_;
};

}  // namespace caddie
