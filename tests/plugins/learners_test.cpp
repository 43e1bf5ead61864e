// SPDX-License-Identifier: Apache-2.0
// Evaluators that learn, on a made-up model of two numbers: which windows and rows they take in which order,
// and their updates, worked out by hand.
#include <catch2/catch.hpp>
#include <cmath>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// A model of which the loss is |w|^2 / 2, so that its gradient is w itself.
struct TrainedBowl final : LearningScorer {
  int64_t count;
  WeightInfo info, frozen;
  std::vector<Weight> all;
  std::vector<std::string> calls;  // "score 0-3" and "train 0-3 4-7", by positions

  explicit TrainedBowl(int64_t positions) : count(positions) {
    frozen.layer = 0;
    frozen.role = Role::kVector;
    for (const WeightInfo* which : {&info, &frozen}) all.push_back({which, Tensor({2}), Tensor()});
    for (Weight& weight : all) {
      weight.value.data()[0] = 3;
      weight.value.data()[1] = 4;
    }
  }
  int64_t positions() const override { return count; }
  int64_t sequence_length() const override { return 4; }
  Score score(std::span<const Window> windows, double) override {
    std::string& call = calls.emplace_back("score");
    Score score;
    for (const Window& w : windows) {
      call += message(" {}-{}", {w.start + w.first_scored, w.start + w.length - 1});
      score.tokens += w.length - w.first_scored;
    }
    return score;
  }
  std::span<Weight> weights() override { return all; }
  double gradient(std::span<const Passage> rows) override {
    std::string& call = calls.emplace_back("train");
    for (const Passage& row : rows)
      call += message(" {}-{}", {row.tokens.front().begin, row.tokens.back().end - 2});
    for (Weight& weight : all) weight.gradient = clone(weight.value);
    return 1;
  }
  int64_t add_sets(Adapter&, int64_t) override { return 0; }
  void drop_sets(int64_t, int64_t) override {}
  std::span<Weight> set(int64_t) override { return {}; }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow>) override { return {}; }
};

}  // namespace

TEST_CASE("sgd_ttt scores a chunk, trains on its whole rows, and leaves the last chunk", "[evaluators]") {
  TrainedBowl bowl(22);
  Score score =
      make_plugin<Evaluator>("sgd_ttt",
                             {{"stride", 4.0}, {"chunk_tokens", 10.0}, {"epochs", 2.0}, {"batch_rows", 1.0}})
          ->evaluate(bowl);
  CHECK(score.tokens == 22);
  // The window that ends at 11 belongs to the chunk in which its first scored position, 8, lies.
  CHECK(bowl.calls == std::vector<std::string>{"score 0-3 4-7 8-11", "train 0-3", "train 4-7", "train 0-3",
                                               "train 4-7", "score 12-15 16-19", "train 10-13", "train 14-17",
                                               "train 10-13", "train 14-17", "score 20-21"});
}

TEST_CASE("sgd_ttt steps by SGD with momentum, a cosine over chunks and a clipped gradient", "[evaluators]") {
  auto after = [](const Values& values) {
    TrainedBowl bowl(12);
    Values all = {{"stride", 4.0}, {"chunk_tokens", 4.0}, {"epochs", 1.0}, {"lr", 0.1}, {"momentum", 0.5}};
    all.insert(all.end(), values.begin(), values.end());
    make_plugin<Evaluator>("sgd_ttt", all)->evaluate(bowl);
    std::vector<float> numbers;
    for (const Weight& weight : bowl.all) numbers.push_back(weight.value.data()[0] / 3);
    return numbers;
  };
  // Three chunks: the rates are 0.1 / 2 (1 + cos 0) = 0.1 and 0.1 / 2 (1 + cos(pi / 2)) = 0.05. Each number
  // is a share of its first value: v = 1, w = 1 - 0.1 = 0.9; v = 0.5 + 0.9 = 1.4, w = 0.9 - 0.07 = 0.83.
  std::vector<float> free = after({{"clip", 0.0}});
  CHECK(free[0] == Approx(0.83));
  CHECK(free[1] == Approx(0.83));
  CHECK(after({{"clip", 0.0}, {"frozen_layers", 1.0}})[1] == 1);
  // The norm of both gradients is sqrt(50); clipped to 1 the steps are 1 / sqrt(50) times as long, and the
  // second gradient still points the same way.
  float each = float(1 / std::sqrt(50.0));
  CHECK(after({{"clip", 1.0}})[0] == Approx(1 - 0.1 * each - 0.05 * 1.5 * each));
}

TEST_CASE("sgd_ttt refuses chunks without a row, and says when nothing is scored after training",
          "[evaluators]") {
  ModelShape model;
  model.sequence_length = 64;
  Shapes shapes{model, {}};
  shapes.positions = 1000;
  auto plugin = make_plugin<Evaluator>("sgd_ttt", {{"chunk_tokens", 32.0}, {"stride", 64.0}});
  CHECK_THROWS_WITH(plugin->validate(shapes), Catch::Contains("chunk_tokens 32 is less than a row of 64"));
  auto whole = make_plugin<Evaluator>("sgd_ttt", {{"chunk_tokens", 1000.0}, {"stride", 64.0}});
  whole->validate(shapes);
  CHECK_THAT(whole->remark(shapes), Catch::Contains("nothing is scored after training"));
}
