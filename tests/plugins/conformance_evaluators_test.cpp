// SPDX-License-Identifier: Apache-2.0
// What every evaluator promises: it scores each position once, and trains on none before it has scored it.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Predicts every token with probability 1 / 64 and notes which positions it was asked for. The text has
/// documents of several lengths.
struct UniformScorer final : LearningScorer {
  static constexpr int64_t kLength = 128;
  int64_t count;
  std::vector<int64_t> starts;
  std::multiset<int64_t> scored;
  std::set<int64_t> trained_on;

  explicit UniformScorer(int64_t positions) : count(positions) {
    for (int64_t at = 0, length = 5; at < count; at += length, length = 3 * length % 331)
      starts.push_back(at);
  }
  int64_t positions() const override { return count; }
  int64_t sequence_length() const override { return kLength; }
  std::span<const int64_t> document_starts() const override { return starts; }
  Score score(std::span<const Window> windows, double) override {
    Score score;
    for (const Window& window : windows) score.add(take(window));
    return score;
  }
  std::span<Weight> weights() override { return {}; }
  double gradient(std::span<const Passage> rows) override {
    for (const Passage& row : rows)
      for (const Stretch& part : row.tokens)
        for (int64_t i = part.begin; i + 1 < part.end; ++i) train_on(i);
    return 1;
  }
  int64_t add_sets(Adapter&, int64_t added) override { return std::exchange(sets_, sets_ + added); }
  void drop_sets(int64_t first, int64_t dropped) override {
    for (int64_t number = first; number < first + dropped; ++number) CHECK(dropped_.insert(number).second);
  }
  std::span<Weight> set(int64_t number) override {
    CHECK(number < sets_);
    CHECK(dropped_.count(number) == 0);
    return {};
  }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) override {
    std::vector<Score> scores;
    for (const AdaptedWindow& one : windows) {
      CHECK(dropped_.count(one.set) == 0);
      scores.push_back(take(one.window));
      for (int64_t i = one.window.first_scored; one.learns && i < one.window.length; ++i)
        train_on(one.window.start + i);
    }
    return scores;
  }

 private:
  Score take(const Window& window) {
    CHECK(window.start >= 0);
    CHECK(window.length <= kLength);
    CHECK(window.start + window.length <= count);
    CHECK(window.first_scored >= 0);
    CHECK(window.first_scored < window.length);
    for (int64_t i = window.start + window.first_scored; i < window.start + window.length; ++i) {
      CHECK(trained_on.count(i) == 0);
      scored.insert(i);
    }
    int64_t tokens = window.length - window.first_scored;
    return {double(tokens) * std::log(64), tokens, 3 * tokens, 1, 0};
  }
  void train_on(int64_t position) {
    CHECK(scored.count(position) == 1);
    trained_on.insert(position);
  }
  int64_t sets_ = 0;
  std::set<int64_t> dropped_;
};

/// Cuts learners short, so that they come to train on texts of a few hundred positions.
Values small_chunks(const std::string& name) {
  if (name == "sgd_ttt") return {{"chunk_tokens", 128.0}, {"stride", 64.0}};
  if (name == "lora_ttt")
    return {{"chunk_tokens", 16.0}, {"batch_documents", 3.0},      {"phase_documents", 5.0},
            {"phases", 2.0},        {"phase_chunk_tokens", 256.0}, {"keep_a", true}};
  return {};
}

}  // namespace

TEST_CASE("evaluators score positions of the stream, each once, but for an incomplete window at the end",
          "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kEvaluator))
    for (int64_t positions : {128, 129, 777, 1024}) {
      INFO(name << " over " << positions << " positions");
      UniformScorer scorer(positions);
      Score score = make_plugin<Evaluator>(name, small_chunks(name))->evaluate(scorer);
      std::set<int64_t> once(scorer.scored.begin(), scorer.scored.end());
      CHECK(once.size() == scorer.scored.size());
      CHECK(score.tokens == int64_t(scorer.scored.size()));
      CHECK(*once.begin() == 0);
      CHECK(*once.rbegin() == int64_t(once.size()) - 1);  // no gaps
      CHECK(score.tokens > positions - UniformScorer::kLength);
      CHECK(score.loss() == Approx(std::log(64)));
      CHECK(score.bits_per_byte() == Approx(2));
    }
}
