// SPDX-License-Identifier: Apache-2.0
// Declares evaluators, which choose what of the validation stream is scored, and those that learn from it.
#pragma once

#include <caddie/slots.h>

#include <cstdint>
#include <span>
#include <vector>

namespace caddie {

/// Names a stretch of the validation stream. The model predicts positions start .. start + length - 1, and
/// those from start + first_scored on are scored.
struct Window {
  int64_t start = 0;
  int64_t length = 0;
  int64_t first_scored = 0;
};

/// Sums up the scored positions.
struct Score {
  double nats = 0;  // the loss, summed over the scored positions
  int64_t tokens = 0, bytes = 0, windows = 0;
  double seconds = 0;
  /// Adds the score of other positions, except for its seconds.
  void add(const Score& part) {
    nats += part.nats;
    tokens += part.tokens;
    bytes += part.bytes;
    windows += part.windows;
  }
  double loss() const { return nats / double(tokens); }  // nats per token
  double bits_per_byte() const { return nats / 0.693147180559945309 / double(bytes); }
};

class LearningScorer;

/// Gives an evaluator access to the model and the validation stream.
class CADDIE_API Scorer {
 public:
  virtual ~Scorer();
  /// Returns the number of predicted positions: one less than the tokens of the stream.
  virtual int64_t positions() const = 0;
  /// Returns the length of the model's training sequences, in tokens.
  virtual int64_t sequence_length() const = 0;
  /// Returns, rising, the positions whose input is the first token of a document; empty when the stream marks
  /// none.
  virtual std::span<const int64_t> document_starts() const { return {}; }
  /// Runs the model over all windows and sums in their order. Logits are divided by `temperature`.
  virtual Score score(std::span<const Window> windows, double temperature = 1) = 0;
  /// Returns what learners ask for scores. Throws Error where a part of the text stands for all of it.
  virtual LearningScorer& learning();
};

/// Names the positions [begin, end) of the stream.
struct Stretch {
  int64_t begin = 0, end = 0;
};

/// Adds to what the products of a model give, with weights of its own, which are no weights of the model.
/// What a hook does not override adds nothing.
struct CADDIE_API Adapter {
  virtual ~Adapter();
  /// Declares its weights; each says how it begins, since no initializer of the experiment fills it.
  virtual void weights(Weights&) = 0;
  virtual Var query(Block&) { return {}; }      // [B,T,H,D], of the input block.h, before techniques
  virtual Var key(Block&) { return {}; }        // [B,T,K,D], likewise
  virtual Var value(Block&) { return {}; }      // [B,T,K,D], likewise
  virtual Var attention(Block&) { return {}; }  // [B,T,C], beside the output projection, of block.h
  virtual Var mlp(Block&) { return {}; }        // [B,T,C], beside the MLP, of its input block.h
  virtual Var logits(Forward&, Var /*x*/) { return {}; }  // [B,T,V], of the head's input [B,T,C]
};

/// Names a window to be scored with one set of an adapter's weights, and says whether the set learns from it.
struct AdaptedWindow {
  Window window;
  int64_t set = 0;
  bool learns = false;
};

/// Names a row to train on: tokens of the stream, of which each is predicted from those before it, in
/// stretches [begin, end) that are joined. A stretch that does not go on where the one before it ended begins
/// with the first token of a document. Attention begins anew at the places `cuts`, which rise.
struct Passage {
  std::vector<Stretch> tokens;
  std::vector<int64_t> cuts = {};
};

/// Lets a learner train on what it has scored. Its weights are a copy: later scores read what was learned,
/// and whoever asked for the scores keeps the weights that were given.
class CADDIE_API LearningScorer : public Scorer {
 public:
  LearningScorer& learning() final { return *this; }
  /// Returns the weights with their gradients, in the order of the model. A learner that changes them asks
  /// for them anew each time.
  virtual std::span<Weight> weights() = 0;
  /// Sets the gradients to those of the mean loss over all positions of the rows, which are of one length, in
  /// the mode of evaluation, and returns that loss in nats per token. Throws Error naming the first position
  /// that has not been scored; one that was trained on cannot be scored any more.
  virtual double gradient(std::span<const Passage> rows) = 0;
  /// Does so with the positions [begin, end) as rows.
  double gradient(std::span<const Stretch> rows);

  /// Makes `count` more sets of the weights of an adapter, each with initial values of its own, and returns
  /// the number of the first. There is one adapter at most, which must outlive the scorer.
  virtual int64_t add_sets(Adapter& adapter, int64_t count) = 0;
  /// Frees the memory of `count` sets from `first` on, which are then no sets any more.
  virtual void drop_sets(int64_t first, int64_t count) = 0;
  /// Returns the weights of a set, which the learner changes, with their gradients, in the order of their
  /// declaration.
  virtual std::span<Weight> set(int64_t number) = 0;
  /// Scores each window with its set, several at once, and sets the gradients of the sets that learn to those
  /// of the mean loss over the positions that their windows score, which are then trained on. Throws Error
  /// when two windows have one set, or a position was trained on before.
  virtual std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) = 0;
};
/// Throws Error when the validation stream is known to hold fewer positions than a window of `length`, or to
/// mark no documents where windows are to respect them.
CADDIE_API void check_windows(const Shapes& shapes, int64_t length, bool by_document);
/// Returns the whole stream as one stretch, or with `by_document` one for each document, in order. The last
/// position of a document, whose target is the first token of the next one, belongs to it. Throws Error when
/// documents are asked for and the stream marks none.
CADDIE_API std::vector<Stretch> stretches(const Scorer& scorer, bool by_document);

/// Chooses the windows of the validation stream that are scored.
struct CADDIE_API Evaluator : Plugin {
  static constexpr Kind kKind = Kind::kEvaluator;
  virtual Score evaluate(Scorer& scorer) = 0;
};

/// Is an evaluator that trains the model between the windows that it scores.
struct CADDIE_API Learner : Evaluator {
  Score evaluate(Scorer& scorer) final { return learn(scorer.learning()); }
  virtual Score learn(LearningScorer& scorer) = 0;
};

}  // namespace caddie
