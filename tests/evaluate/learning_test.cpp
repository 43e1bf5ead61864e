// SPDX-License-Identifier: Apache-2.0
// A learner scores before it trains, trains a copy of the weights, and gets the same bits for any number of
// threads.
#include "evaluate/learning.h"

#include <caddie/parallel.h>

#include <catch2/catch.hpp>

#include "support/learning_text.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

/// Moves each weight a little against its gradient.
void descend(LearningScorer& scorer, float rate) {
  for (Weight& weight : scorer.weights())
    for (int64_t i = 0; i < weight.value.numel(); ++i)
      if (weight.gradient.defined()) weight.value.data()[i] -= rate * weight.gradient.data()[i];
}

/// Scores a stretch, trains on it, and returns its score afterwards by the weights that were learned.
std::vector<Tensor> learned(LearningText& text, int threads) {
  int before = thread_count();
  set_thread_count(threads);
  ModelScorer scorer = text.scorer(3);
  LearningScorer& learner = scorer.learning();
  const std::vector<Window> windows = {{0, 12, 0}, {12, 12, 0}, {24, 12, 0}, {36, 12, 0}};
  learner.score(windows, 1);
  const std::vector<Stretch> rows = {{0, 12}, {12, 24}, {24, 36}, {36, 48}};
  learner.gradient(rows);
  descend(learner, 0.5f);
  set_thread_count(before);
  std::vector<Tensor> weights;
  for (const Weight& weight : learner.weights()) weights.push_back(clone(weight.value));
  return weights;
}

}  // namespace

TEST_CASE("a position is trained on only once it was scored, and never scored again", "[learning]") {
  LearningText text;
  ModelScorer scorer = text.scorer();
  LearningScorer& learner = scorer.learning();
  const Window first = {0, 12, 0}, later = {6, 12, 6}, again = {4, 12, 7};
  const std::vector<Stretch> row = {{0, 12}}, beyond = {{1, 13}}, cut = {{0, 12}, {0, 6}},
                             outside = {{LearningText::kPositions - 4, LearningText::kPositions + 8}};
  CHECK_THROWS_WITH(learner.gradient(row), Contains("position 0 is trained on before it was scored"));
  learner.score({&first, 1}, 1);
  CHECK_THROWS_WITH(learner.gradient(beyond), Contains("position 12 is trained on before it was scored"));
  CHECK_THROWS_WITH(learner.gradient(cut), Contains("rows of 12 and 6 positions; rows have one length"));
  CHECK_THROWS_WITH(learner.gradient(outside),
                    Contains("tokens 92 to 105 cannot be trained on; the stream has 97"));
  CHECK_THROWS_WITH(learner.gradient(std::span<const Stretch>()), Contains("no row"));
  learner.gradient(row);
  learner.gradient(row);
  learner.score({&later, 1}, 1);
  CHECK_THROWS_WITH(learner.score({&again, 1}, 1),
                    Contains("position 11 is scored after the model was trained on it"));
}

TEST_CASE("what was learned counts in later scores, and the weights that were given stay", "[learning]") {
  LearningText text;
  std::vector<Tensor> before;
  for (const Tensor& value : text.experiment.model->weights().values()) before.push_back(clone(value));
  ModelScorer scorer = text.scorer();
  LearningScorer& learner = scorer.learning();
  const Window window = {0, 12, 0}, next = {12, 12, 0};
  const std::vector<Stretch> row = {{0, 12}};
  CHECK(learner.score({&window, 1}, 1).nats == scorer.score({&window, 1}, 1).nats);
  double loss = learner.gradient(row);
  CHECK(loss == Approx(scorer.score({&window, 1}, 1).loss()).epsilon(1e-6));
  descend(learner, 0.5f);
  CHECK(learner.gradient(row) < loss);
  CHECK(learner.score({&next, 1}, 1).nats != scorer.score({&next, 1}, 1).nats);
  CHECK(same_bits(text.experiment.model->weights().values(), before));
}

TEST_CASE("a learner's gradient is that of training where no technique tells them apart", "[learning]") {
  LearningText text;
  ModelScorer scorer = text.scorer(2);
  LearningScorer& learner = scorer.learning();
  const std::vector<Window> windows = {{0, 12, 0}, {12, 12, 0}};
  const std::vector<Stretch> rows = {{0, 12}, {12, 24}};
  learner.score(windows, 1);
  double loss = learner.gradient(rows);
  Batch batch;
  batch.rows = 2;
  batch.length = 12;
  batch.inputs.assign(text.tokens.begin(), text.tokens.begin() + 24);
  batch.targets.assign(text.tokens.begin() + 1, text.tokens.begin() + 25);
  GradientSum sum(*text.experiment.model, 2, 24);
  CHECK(sum.run({&batch, 1}, text.experiment.model->weights().values(), Progress()) == loss);
  for (size_t i = 0; i < learner.weights().size(); ++i) {
    INFO(learner.weights()[i].info->name);
    CHECK(same_bits(learner.weights()[i].gradient, sum.gradients()[i]));
  }
}

TEST_CASE("a learner has the same bits for any number of threads", "[learning]") {
  LearningText text;
  CHECK(same_bits(learned(text, 1), learned(text, 3)));
}
