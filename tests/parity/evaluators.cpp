// SPDX-License-Identifier: Apache-2.0
// Cases of kind evaluators: a model with given weights, scored on a stream of tokens.
#include <cmath>

#include "data/vocabulary.h"
#include "evaluate/score.h"
#include "parity/engine.h"
#include "parity/kinds.h"
#include "parity/learners.h"
#include "parity/share.h"

namespace caddie::parity {
namespace {

/// One of several ranks: it scores its share of the windows, and counts all of them.
class RankScorer final : public Scorer {
 public:
  RankScorer(Scorer& scorer, Share share) : scorer_(scorer), share_(std::move(share)) {}
  int64_t positions() const override { return scorer_.positions(); }
  int64_t sequence_length() const override { return scorer_.sequence_length(); }
  std::span<const int64_t> document_starts() const override { return scorer_.document_starts(); }
  Score score(std::span<const Window> windows, double temperature) override {
    Score score = scorer_.score(share_.of(windows), temperature);
    score.windows = int64_t(windows.size());
    return score;
  }

 private:
  Scorer& scorer_;
  Share share_;
};

Vocabulary vocabulary_of(const SafetensorsFile& inputs, int begin_id) {
  auto cut = [&](const char* name, auto& out) {
    std::vector<int64_t> values = inputs.integers(name);
    out.assign(values.begin(), values.end());
  };
  ByteTables tables;
  cut("base_bytes", tables.base_bytes);
  cut("has_leading_space", tables.has_leading_space);
  cut("is_boundary", tables.is_boundary);
  return Vocabulary(std::move(tables), begin_id);
}

/// How many bytes the tokens of a case have, by pieces or each by itself.
struct ByteRule {
  Vocabulary vocabulary;
  std::vector<uint16_t> sidecar;
};

ByteRule byte_rule_of(const SafetensorsFile& inputs, size_t tokens, int begin_id) {
  if (!inputs.has("val_bytes")) return {vocabulary_of(inputs, begin_id), {}};
  std::vector<int64_t> bytes = inputs.integers("val_bytes");
  ByteTables no_pieces{std::vector<int16_t>(tokens), std::vector<uint8_t>(tokens),
                       std::vector<uint8_t>(tokens)};
  return {Vocabulary(std::move(no_pieces), begin_id), {bytes.begin(), bytes.end()}};
}

/// The length of a window, where the runs do not say it.
int64_t window_of(const Case& c) {
  for (const char* name : {"eval_seq_len", "train_seq_len", "ttt_eval_seq_len"})
    if (c.config().contains(name)) return c.config().at(name);
  return 0;
}

/// What a run asks for, less what it expects and what the scorer is given.
Facts run_facts(const Case& c, const Json& run) {
  Facts facts = model_facts(c, run.value("eval_seq_len", window_of(c)));
  facts["variant"] = c.at("variant");
  for (const auto& [key, value] : run.items()) facts[key] = value;
  for (const char* key :
       {"num_tokens", "rank", "world_size", "val_loss", "val_bpb", "token_count", "byte_count", "windows"})
    facts.erase(key);
  return facts;
}

/// Scores all tokens under an evaluator that learns, with the weights of the case.
void check_learning(const Case& c, std::span<const int32_t> tokens, const ByteRule& bytes, Bench& bench,
                    Verdict& verdict) {
  Tree tree = bench.experiment(c, run_facts(c, Json::object()));
  Experiment experiment = assemble(tree, bench);
  set_weights(*experiment.model, c.tensors("params.safetensors"));
  ModelScorer scorer(*experiment.model, experiment.model->weights().values(), tokens, bytes.vocabulary,
                     experiment.train.micro_batch_tokens, experiment.train.gradient_accumulators,
                     bytes.sidecar);
  check_learner(c, *experiment.headline().technique.as<Evaluator>(), scorer, *experiment.model, verdict);
}

void check_run(const Case& c, const Json& run, std::span<const int32_t> all, const ByteRule& bytes,
               Bench& bench, Verdict& verdict) {
  Tree tree = bench.experiment(c, run_facts(c, run));
  Share share{run.value("rank", int64_t(0)), run.value("world_size", int64_t(1))};
  tree.read("parity", [&](Settings& s) {
    s("rank_order", share.order, "which windows a rank takes", one_of("blocks", "interleaved"));
  });
  Experiment experiment = assemble(tree, bench);
  set_weights(*experiment.model, c.tensors("params.safetensors"));
  ViewedWeights views(*experiment.model);
  views.refresh(Progress(), Mode::kEvaluate, false);
  std::span<const int32_t> tokens = all.first(run.at("num_tokens").get<size_t>());
  std::span<const uint16_t> sidecar(bytes.sidecar);
  ModelScorer model_scorer(*experiment.model, views.values(), tokens, bytes.vocabulary,
                           experiment.train.micro_batch_tokens, 1,
                           sidecar.empty() ? sidecar : sidecar.first(tokens.size()));
  RankScorer scorer(model_scorer, share);
  Score score = experiment.headline().technique.as<Evaluator>()->evaluate(scorer);

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
  Json runs = c.json.value("runs", Json::array());
  // Settings that Caddie lacks are named before anything else that the case holds.
  bench.experiment(c, run_facts(c, runs.empty() ? Json::object() : runs[0]));
  bool learns = runs.empty() && c.json.contains("expected");
  if (runs.empty() && !learns) skip("the case has no 'runs'");
  know_case(c, {"variant", learns ? "expected" : "runs", "byte_rule", "bpb_rule", "batching"});
  SafetensorsFile inputs = c.tensors("inputs.safetensors");
  know_tensors(inputs, "the inputs",
               {"tokens", "val_bytes", "base_bytes", "has_leading_space", "is_boundary",
                "expected.global_tokens.0", "expected.global_tokens.1"});
  std::vector<int64_t> ids = inputs.integers("tokens");
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  ByteRule bytes = byte_rule_of(inputs, tokens.size(), c.config().value("bos_id", -1));
  if (learns) check_learning(c, tokens, bytes, bench, verdict);
  for (const Json& run : runs) check_run(c, run, tokens, bytes, bench, verdict);
}

}  // namespace caddie::parity
