// SPDX-License-Identifier: Apache-2.0
// Evaluators that train on what they have scored: their scores chunk by chunk, and the weights that they end
// with.
#include "parity/learners.h"

#include <cmath>
#include <optional>

#include "parity/adapters.h"
#include "parity/engine.h"

namespace caddie::parity {
namespace {

/// Notes the scores that a learner asks for, and gives its adapters the values of a file where there is one.
class ScoreRecorder final : public LearningScorer {
 public:
  ScoreRecorder(LearningScorer& scorer, std::optional<SafetensorsFile> adapters)
      : scorer_(scorer), adapters_(std::move(adapters)) {}
  int64_t positions() const override { return scorer_.positions(); }
  int64_t sequence_length() const override { return scorer_.sequence_length(); }
  std::span<const int64_t> document_starts() const override { return scorer_.document_starts(); }
  Score score(std::span<const Window> windows, double temperature) override {
    return scores.emplace_back(scorer_.score(windows, temperature));
  }
  std::span<Weight> weights() override { return scorer_.weights(); }
  double gradient(std::span<const Passage> rows) override { return scorer_.gradient(rows); }
  int64_t add_sets(Adapter& adapter, int64_t count) override {
    int64_t first = scorer_.add_sets(adapter, count);
    for (int64_t row = 0; adapters_ && row < count; ++row)
      take_row(scorer_.set(first + row), *adapters_, std::to_string(added_) + ".", row);
    ++added_;
    return first;
  }
  void drop_sets(int64_t first, int64_t count) override { scorer_.drop_sets(first, count); }
  std::span<Weight> set(int64_t number) override { return scorer_.set(number); }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) override {
    std::vector<Score> each = scorer_.score_adapted(windows);
    scores.insert(scores.end(), each.begin(), each.end());
    return each;
  }

  std::vector<Score> scores;

 private:
  LearningScorer& scorer_;
  std::optional<SafetensorsFile> adapters_;
  int added_ = 0;
};

void compare_counts(const Score& score, const Json& expected, const std::string& what, Verdict& verdict) {
  auto count = [&](const char* name, int64_t got) {
    if (expected.contains(name))
      verdict.equal(name + what, size_t(std::abs(got - expected.at(name).get<int64_t>())));
  };
  count("windows", score.windows);
  count("token_count", score.tokens);
  count("byte_count", score.bytes);
  count("chunk_len", score.tokens);
}

/// Returns the case's list of partial scores, in the order in which they are asked for. A step lists those of
/// several documents, of which some may have ended.
Json parts_of(const Json& expected) {
  for (const char* name : {"per_chunk", "per_document_chunk"})
    if (expected.contains(name)) return expected.at(name);
  if (!expected.contains("per_step")) skip("the case has no list of partial scores that is known");
  Json parts = Json::array();
  for (const Json& step : expected.at("per_step"))
    for (size_t i = 0; i < step.at("chunk_len").size(); ++i)
      if (step["chunk_len"][i] != 0)
        parts.push_back({{"chunk_len", step["chunk_len"][i]}, {"loss_sum", step.at("loss_sum")[i]}});
  return parts;
}

}  // namespace

void check_learner(const Case& c, Evaluator& evaluator, ModelScorer& scorer, const Model& model,
                   Verdict& verdict) {
  bool adapts = c.has("lora_A.safetensors");
  ScoreRecorder recorder(scorer.learning(),
                         adapts ? std::optional(c.tensors("lora_A.safetensors")) : std::nullopt);
  Score score = evaluator.evaluate(recorder);
  const Json& expected = c.expected();
  verdict.within("val_loss", std::abs(score.loss() - expected.at("val_loss").get<double>()),
                 c.tolerance("val_loss_abs"));
  verdict.within("val_bpb", std::abs(score.bits_per_byte() - expected.at("val_bpb").get<double>()),
                 c.tolerance("val_bpb_abs"));
  compare_counts(score, expected, "", verdict);
  const Json parts = parts_of(expected);
  verdict.equal("number of partial scores", parts.size() - recorder.scores.size());
  for (size_t i = 0; i < std::min(parts.size(), recorder.scores.size()); ++i) {
    const Score& part = recorder.scores[i];
    std::string what = " of partial score " + std::to_string(i);
    compare_counts(part, parts[i], what, verdict);
    double wanted = parts[i].at("loss_sum").get<double>() / double(part.tokens);
    verdict.within("val_loss" + what, std::abs(part.loss() - wanted), c.tolerance("val_loss_abs"));
  }
  if (!c.has("params_final.safetensors")) return;
  std::vector<Tensor> learned;
  for (const Weight& weight : recorder.weights()) learned.push_back(weight.value);
  compare_weights(model, learned, c.tensors("params_final.safetensors"), "final params",
                  c.tolerance("final_params_abs"), verdict);
}

}  // namespace caddie::parity
