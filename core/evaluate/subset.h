// SPDX-License-Identifier: Apache-2.0
// Scores a part of the validation stream in place of all of it: fixed stretches, evenly spread, the same for
// every model.
#pragma once

#include <span>
#include <vector>

#include "evaluate/score.h"

namespace caddie {

/// Returns stretches of one length that hold `fraction` of the stream, one in the middle of each of as many
/// equal shares of it, or at another `place` in [0,1]: up to 64, of at least `shortest` positions. Throws
/// Error (exit code 2) when they would be fewer than 20.
std::vector<Stretch> spread_stretches(int64_t positions, double fraction, int64_t shortest,
                                      double place = 0.5);

/// Returns the index of the stretch in which the first position lies that the window scores; -1 when there is
/// none.
int64_t stretch_of(const Window& window, std::span<const Stretch> stretches);

/// Stands for the whole stream before an evaluator, and scores only the windows of some stretches of it.
class SubsetScorer final : public Scorer {
 public:
  SubsetScorer(ModelScorer& scorer, double fraction) : scorer_(scorer), fraction_(fraction) {}

  int64_t positions() const override { return scorer_.positions(); }
  int64_t sequence_length() const override { return scorer_.sequence_length(); }
  std::span<const int64_t> document_starts() const override { return scorer_.document_starts(); }
  /// Returns the score of the part. Throws Error when it is called again, because an estimate is one of a
  /// single list of windows.
  Score score(std::span<const Window> windows, double temperature) override;

  /// Returns the score of each stretch, empty before score().
  std::span<const Score> stretches() const { return stretches_; }
  /// Returns the number of scored positions of all windows, those passed over included.
  int64_t whole() const { return whole_; }

 private:
  ModelScorer& scorer_;
  double fraction_;
  std::vector<Score> stretches_;
  int64_t whole_ = 0;
};

}  // namespace caddie
