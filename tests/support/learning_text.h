// SPDX-License-Identifier: Apache-2.0
// A small model on a short stream of tokens, for what is scored and learned from.
#pragma once

#include <caddie/random.h>

#include <vector>

#include "evaluate/score.h"
#include "support/small_model.h"

namespace caddie::testing {

/// 97 tokens of one byte each.
struct LearningText {
  static constexpr int64_t kPositions = 96;
  static constexpr int kPieces = 31;
  Experiment experiment = small_experiment();
  std::vector<int32_t> tokens;
  Vocabulary bytes;

  LearningText() : bytes(tables()) {
    fill_by_name(*experiment.model);
    Rng rng(3, "text");
    for (int64_t i = 0; i <= kPositions; ++i) tokens.push_back(int32_t(rng.below(kPieces)));
  }
  ModelScorer scorer(int accumulators = 2) {
    return {*experiment.model, experiment.model->weights().values(), tokens, bytes, 24, accumulators};
  }

 private:
  static ByteTables tables() {
    return {std::vector<int16_t>(kPieces, 1), std::vector<uint8_t>(kPieces), std::vector<uint8_t>(kPieces)};
  }
};

}  // namespace caddie::testing
