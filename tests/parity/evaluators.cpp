// SPDX-License-Identifier: Apache-2.0
// Cases of kind evaluators: a model with given weights, scored on a stream of tokens.
#include <cmath>

#include "data/vocabulary.h"
#include "evaluate/score.h"
#include "parity/engine.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// One of several ranks: it scores its share of the windows, and counts all of them.
class RankScorer final : public Scorer {
 public:
  RankScorer(Scorer& scorer, int64_t rank, int64_t world) : scorer_(scorer), rank_(rank), world_(world) {}
  int64_t positions() const override { return scorer_.positions(); }
  int64_t sequence_length() const override { return scorer_.sequence_length(); }
  std::span<const int64_t> document_starts() const override { return scorer_.document_starts(); }
  Score score(std::span<const Window> windows, double temperature) override {
    auto count = int64_t(windows.size());
    int64_t begin = count * rank_ / world_, end = count * (rank_ + 1) / world_;
    Score score = scorer_.score(windows.subspan(size_t(begin), size_t(end - begin)), temperature);
    score.windows = count;
    return score;
  }

 private:
  Scorer& scorer_;
  int64_t rank_, world_;
};

Vocabulary vocabulary_of(const SafetensorsFile& inputs) {
  auto cut = [&](const char* name, auto& out) {
    std::vector<int64_t> values = inputs.integers(name);
    out.assign(values.begin(), values.end());
  };
  ByteTables tables;
  cut("base_bytes", tables.base_bytes);
  cut("has_leading_space", tables.has_leading_space);
  cut("is_boundary", tables.is_boundary);
  return Vocabulary(std::move(tables));
}

/// What a run asks for, less what it expects and what the scorer is given.
Facts run_facts(const Case& c, const nlohmann::json& run) {
  Facts facts = model_facts(c, c.config().at("eval_seq_len"));
  facts["variant"] = c.at("variant");
  for (const auto& [key, value] : run.items()) facts[key] = value;
  for (const char* key :
       {"num_tokens", "rank", "world_size", "val_loss", "val_bpb", "token_count", "byte_count", "windows"})
    facts.erase(key);
  return facts;
}

void check_run(const Case& c, const nlohmann::json& run, std::span<const int32_t> tokens,
               const Vocabulary& vocabulary, Bench& bench, Verdict& verdict) {
  Tree tree = bench.experiment(c, run_facts(c, run));
  Experiment experiment = assemble(tree, bench);
  set_weights(*experiment.model, c.tensors("params.safetensors"));
  ViewedWeights views(*experiment.model);
  views.refresh(Progress(), Mode::kEvaluate, false);
  ModelScorer model_scorer(*experiment.model, views.values(),
                           tokens.first(run.at("num_tokens").get<size_t>()), vocabulary,
                           experiment.train.micro_batch_tokens);
  RankScorer scorer(model_scorer, run.value("rank", 0), run.value("world_size", 1));
  Score score = experiment.headline().technique.as<Evaluator>().evaluate(scorer);

  std::string what = " of the run of " + run.at("num_tokens").dump() + " tokens";
  if (run.contains("stride")) what += " with stride " + run["stride"].dump();
  verdict.within("val_loss" + what, std::abs(score.loss() - run.at("val_loss").get<double>()),
                 c.tolerance("val_loss_abs"));
  verdict.within("val_bpb" + what, std::abs(score.bits_per_byte() - run.at("val_bpb").get<double>()),
                 c.tolerance("val_bpb_abs"));
  auto count = [&](const char* name, int64_t got) {
    if (run.contains(name)) verdict.equal(name + what, size_t(std::abs(got - run[name].get<int64_t>())));
  };
  count("token_count", score.tokens);
  count("byte_count", score.bytes);
  count("windows", score.windows);
}

}  // namespace

void check_evaluators(const Case& c, Bench& bench, Verdict& verdict) {
  SafetensorsFile inputs = c.tensors("inputs.safetensors");
  std::vector<int64_t> ids = inputs.integers("tokens");
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  Vocabulary vocabulary = vocabulary_of(inputs);
  for (const nlohmann::json& run : c.at("runs")) check_run(c, run, tokens, vocabulary, bench, verdict);
}

}  // namespace caddie::parity
