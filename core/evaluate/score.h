// SPDX-License-Identifier: Apache-2.0
// Scores a model on the validation stream: windows run on all threads and are summed in window order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "autograd/tape.h"
#include "data/vocabulary.h"
#include "evaluate/blend.h"
#include "model/model.h"

namespace caddie {

class ModelLearner;

/// Scores windows with one set of weights. On the CPU overlapping windows share what they can.
class ModelScorer final : public Scorer {
 public:
  /// `tokens` is the validation stream, `weights` what the model reads in place of each weight.
  /// `batch_tokens` positions run through one thread at once. All must outlive the scorer. Learners sum their
  /// gradients in `accumulators`. `sidecar` says how many bytes each token stands for; where it is empty the
  /// vocabulary does. Where there are `blends` of that stream, scores are of what they make of the model's
  /// probabilities. Throws Error when the stream has fewer than 2 tokens, or the sidecar not as many.
  ModelScorer(Model& model, std::span<const Tensor> weights, std::span<const int32_t> tokens,
              const Vocabulary& vocabulary, int64_t batch_tokens, int accumulators = 1,
              std::span<const uint16_t> sidecar = {}, std::shared_ptr<const StreamBlends> blends = nullptr);
  ~ModelScorer() override;

  int64_t positions() const override { return int64_t(tokens_.size()) - 1; }
  int64_t sequence_length() const override { return model_.shape().sequence_length; }
  std::span<const int64_t> document_starts() const override { return document_starts_; }
  Score score(std::span<const Window> windows, double temperature) override;
  /// Returns a scorer that starts from the weights, the same one each time.
  LearningScorer& learning() override;
  /// Returns whether a learner has changed a weight; nothing when none has asked to learn.
  std::optional<bool> learned() const;
  /// Lets `check` be called again and again while windows are scored, by several threads at once; what it
  /// throws ends the scoring.
  void call_meanwhile(std::function<void()> check) { meanwhile_ = std::move(check); }
  /// Returns the score of each window, without seconds. Throws Error when a window does not lie in the
  /// stream.
  std::vector<Score> score_each(std::span<const Window> windows, double temperature);
  /// Throws Error when the window does not lie in the stream.
  void check_window(const Window& window) const;
  /// Returns the targets of windows that are padded to `length`, and behind them what blends guess there, as
  /// Model::score() takes several sets. `host` gets the tokens and must outlive the pass.
  Ids place_targets(Tape& tape, std::span<const Window> windows, int64_t length,
                    std::vector<int32_t>& host) const;
  /// Lets the blends change the losses of the windows, [sets, windows, length], of which the first set stays.
  void blend(std::span<const Window> windows, int64_t length, std::vector<float>& nats) const;
  /// Sums the losses [length] of a window over the positions that are scored.
  Score score_of(const Window& window, const float* nats) const;

 private:
  /// Says how the windows of one call run.
  struct ScoringMode {
    int64_t length = 0;  // the length that each window is padded to
    double temperature = 1;
    bool trim = false;
  };
  /// Runs the windows as one batch and returns the losses, [windows, length]. There must be only one window
  /// if `shared` is given, which is that of this window.
  std::vector<float> losses_of(std::span<const Window> windows, const ScoringMode& mode,
                               const SharedActivations* shared = nullptr) const;
  /// Sets scores[i] to the score of windows[i]; the windows run as one batch, as in losses_of().
  void run_batch(std::span<const Window> windows, const ScoringMode& mode, Score* scores,
                 const SharedActivations* shared = nullptr) const;
  /// Runs windows that overlap, one after the other; the shared activations of all positions are computed
  /// once.
  void run_sharing(std::span<const Window> windows, const ScoringMode& mode, Score* scores) const;
  /// Returns the shared activations of `length` positions from `start` on.
  SharedActivations activations_of(int64_t start, int64_t length) const;
  /// Returns the activations of one of the windows that share `whole`, in its memory: the first rows, of
  /// positions that see nothing before them, are computed anew. This spoils `whole` for windows that start
  /// earlier.
  SharedActivations own_activations(const Window& window, const SharedActivations& whole,
                                    int64_t whole_start) const;
  /// Returns whether the last layer can leave out what is not scored; it is tried on one window, once.
  bool can_trim(std::span<const Window> windows, int64_t length);
  /// Returns whether the windows of a group can share their first activations; it is tried on some groups.
  bool can_share(std::vector<std::span<const Window>> groups, int64_t length) const;

  std::function<void()> meanwhile_;
  Model& model_;
  std::span<const Tensor> weights_;
  std::span<const int32_t> tokens_;
  const Vocabulary& vocabulary_;
  int64_t batch_tokens_;
  std::span<const uint16_t> sidecar_;
  std::vector<int64_t> document_starts_;
  mutable std::vector<PackedLeaf> packed_;  // has an element for each weight
  std::optional<bool> trims_;
  std::shared_ptr<const StreamBlends> blends_;
  int accumulators_;
  std::unique_ptr<ModelLearner> learner_;
};

}  // namespace caddie
