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

/// Adds everything but seconds.
void add(Score& total, const Score& part);

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
  /// Scores window by window, without seconds.
  std::vector<Score> score_each(std::span<const Window> windows, double temperature);

 private:
  /// How the windows of one call run.
  struct ScoringMode {
    int64_t length = 0;  // to which each is padded
    double temperature = 1;
    bool trim = false;
  };
  /// Runs the windows as one batch; with `shared`, that of the only one. Returns the losses, [windows,
  /// length].
  std::vector<float> run_batch(std::span<const Window> windows, const ScoringMode& mode, Score* scores,
                               const SharedActivations* shared = nullptr) const;
  /// Runs windows that overlap one after another, with the shared activations of all positions computed once.
  void run_sharing(std::span<const Window> windows, const ScoringMode& mode, Score* scores) const;
  SharedActivations activations_of(int64_t start, int64_t length) const;
  /// Returns those of one of the windows that share `whole`, in its memory: the first rows, of positions that
  /// see nothing before them, are computed anew. This spoils `whole` for windows that start earlier.
  SharedActivations own_activations(const Window& window, const SharedActivations& whole,
                                    int64_t whole_start) const;
  /// Whether the last layer can leave out what is not scored: tried on one window, once.
  bool can_trim(std::span<const Window> windows, int64_t length);
  /// Whether the windows of a group can share their first activations: tried on some groups.
  bool can_share(std::vector<std::span<const Window>> groups, int64_t length) const;

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
