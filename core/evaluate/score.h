// SPDX-License-Identifier: Apache-2.0
// Scores of a model on the validation stream: windows run on all threads, summed in window order.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "autograd/tape.h"
#include "data/vocabulary.h"
#include "model/model.h"

namespace caddie {

class ModelScorer final : public Scorer {
 public:
  /// `tokens` is the validation stream, `weights` what the model reads, one a weight. `batch_tokens`
  /// positions run through one thread at once. All outlive the scorer.
  ModelScorer(Model& model, std::span<const Tensor> weights, std::span<const int32_t> tokens,
              const Vocabulary& vocabulary, int64_t batch_tokens);

  int64_t positions() const override { return int64_t(tokens_.size()) - 1; }
  int64_t sequence_length() const override { return model_.shape().sequence_length; }
  std::span<const int64_t> document_starts() const override { return document_starts_; }
  Score score(std::span<const Window> windows, double temperature) override;

 private:
  struct Sum {
    double nats = 0;
    int64_t tokens = 0, bytes = 0;
  };
  /// Runs the windows, padded to `length`, as one batch. Returns the losses, [windows, length].
  std::vector<float> run_batch(std::span<const Window> windows, int64_t length, double temperature, bool trim,
                               Sum* sums) const;
  /// Whether the last layer can leave out what is not scored: tried on one window, once.
  bool can_trim(std::span<const Window> windows, int64_t length);

  Model& model_;
  std::span<const Tensor> weights_;
  std::span<const int32_t> tokens_;
  const Vocabulary& vocabulary_;
  int64_t batch_tokens_;
  std::vector<int64_t> document_starts_;
  mutable std::vector<PackedLeaf> packed_;  // one a weight
  std::optional<bool> trims_;
};

}  // namespace caddie
