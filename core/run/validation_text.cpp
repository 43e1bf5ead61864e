// SPDX-License-Identifier: Apache-2.0
// Text and vocabulary are checked when they are loaded; a score that is not finite is refused with its cause.
#include "run/validation_text.h"

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/heartbeat.h"
#include "base/out_of_memory.h"
#include "base/stopwatch.h"
#include "data/byte_sidecar.h"
#include "data/validation.h"
#include "experiment/validate.h"
#include "process/interrupt.h"
#include "results/fingerprint.h"
#include "run/effects.h"
#include "tensor/finite.h"

namespace caddie {
namespace {

/// Returns the vocabulary of an experiment, whose ids are rows of the model's table. Throws Error (kUsage)
/// when it has more pieces than the model.
Vocabulary vocabulary_of(const Experiment& e) {
  Vocabulary vocabulary(e.data.tokenizer, e.model_settings.vocabulary);
  if (vocabulary.pieces() > e.model_settings.vocabulary)
    fail_usage("model.vocabulary is {}, but {} has {} pieces; set model.vocabulary = {}",
               e.model_settings.vocabulary, e.data.tokenizer, vocabulary.pieces(), vocabulary.pieces());
  check_still_hashed(std::filesystem::path(e.data.tokenizer));
  return vocabulary;
}

/// Returns ": " and the first weight that is not finite; "" when all are.
std::string trouble_of(const Model& model, std::span<const Tensor> weights) {
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights[i].defined() && !is_finite(weights[i])) {
      const WeightInfo& info = model.weights().info(int(i));
      return message(": weight {} of '{}' is not finite", {info.name, info.owner});
    }
  return "";
}

}  // namespace

ValidationText::ValidationText(Experiment& experiment)
    : experiment_(experiment), vocabulary_(vocabulary_of(experiment)) {
  TokenStream stream(experiment.data.validation);
  sidecar_ = load_byte_sidecar(stream, vocabulary_);
  check_matches(stream, vocabulary_, has_sidecar());
  tokens_ = load_validation(stream, experiment.data.sequence_length);
  if (has_sidecar()) sidecar_.resize(tokens_.size());
  check_still_hashed(stream);
  DataSizes sizes;
  sizes.positions = positions();
  sizes.start_token = vocabulary_.begin_id();
  sizes.documents = std::count(tokens_.begin(), tokens_.end() - 1, vocabulary_.begin_id());
  if (auto problem = find_problem(experiment, sizes)) fail_usage("[{}]: {}", problem->path, problem->text);
}

std::shared_ptr<const StreamBlends> ValidationText::blends_of(const RoutedEvaluator& evaluator,
                                                              const std::function<void()>& meanwhile) const {
  if (evaluator.blends.empty()) return nullptr;
  return std::make_shared<StreamBlends>(evaluator.blends, tokens_, experiment_.model_settings.vocabulary,
                                        vocabulary_.begin_id(), meanwhile);
}

ModelScorer ValidationText::scorer(std::span<const Tensor> weights,
                                   std::shared_ptr<const StreamBlends> blends) const {
  return ModelScorer(*experiment_.model, weights, tokens_, vocabulary_, experiment_.train.micro_batch_tokens,
                     experiment_.train.gradient_accumulators, sidecar_, std::move(blends));
}

ValidationText::Scored ValidationText::score(const RoutedEvaluator& routed, std::span<const Tensor> weights,
                                             bool stops) const {
  const Technique& evaluator = routed.technique;
  StageScope scope(Stage::kEvaluate);
  CallCounter calls(experiment_, Mode::kEvaluate);
  auto meanwhile = [stops] {
    beat();
    if (stops) check_not_stopped("while it was scored");
  };
  BeatingWork work;
  Stopwatch clock;
  std::shared_ptr<const StreamBlends> blends = blends_of(routed, meanwhile);
  ModelScorer model_scorer = scorer(weights, blends);
  model_scorer.call_meanwhile(meanwhile);
  Score score = with_memory_advice("a smaller train.micro_batch_tokens or fewer --threads need less",
                                   [&] { return evaluator.as<Evaluator>()->evaluate(model_scorer); });
  score.seconds = clock.seconds();
  check(std::isfinite(score.bits_per_byte()),
        "evaluator '{}': the score is not finite ({} nats over {} tokens and {} bytes){}; lower the learning "
        "rates or clip the gradient",
        evaluator.label, score.nats, score.tokens, score.bytes, trouble_of(*experiment_.model, weights));
  return {score, calls.visited(), model_scorer.learned(),
          blends ? blends->acted() : std::vector<std::string>()};
}

}  // namespace caddie
