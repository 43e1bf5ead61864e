// SPDX-License-Identifier: Apache-2.0
#include "run/corpus.h"

#include "data/validation.h"
#include "evaluate/score.h"
#include "run/effects.h"

namespace caddie {

Corpus::Corpus(Experiment& experiment)
    : experiment_(experiment),
      train_(experiment.data.train),
      validation_(experiment.data.validation),
      vocabulary_(experiment.data.tokenizer, experiment.model_settings.vocabulary) {
  const Experiment& e = experiment;
  check_matches(train_, vocabulary_);
  check_matches(validation_, vocabulary_);
  check(vocabulary_.pieces() <= e.model_settings.vocabulary,
        "model.vocabulary is {}, but {} has {} pieces; set model.vocabulary = {}",
        e.model_settings.vocabulary, e.data.tokenizer, vocabulary_.pieces(), vocabulary_.pieces());
  tokens_ = load_validation(validation_, e.data.sequence_length);
}

std::span<const int32_t> Corpus::probe() const {
  return {tokens_.data(), size_t(experiment_.data.sequence_length)};
}

int64_t Corpus::score_sample(std::span<const Tensor> weights) const {
  constexpr int64_t kSample = 16384;  // positions
  ModelScorer scorer(*experiment_.model, weights, tokens_, vocabulary_, experiment_.train.micro_batch_tokens);
  int64_t length = experiment_.data.sequence_length, count = 0;
  std::vector<Window> windows;
  for (; count + length <= positions() && (count == 0 || count < kSample); count += length)
    windows.push_back({count, length, 0});
  scorer.score(windows, 1);
  return count;
}

Corpus::Scored Corpus::score(const Technique& evaluator, std::span<const Tensor> weights) const {
  CallCounter calls(experiment_, Mode::kEvaluate);
  ModelScorer scorer(*experiment_.model, weights, tokens_, vocabulary_, experiment_.train.micro_batch_tokens);
  Score score = evaluator.as<Evaluator>().evaluate(scorer);
  return {score, calls.visited()};
}

}  // namespace caddie
