// SPDX-License-Identifier: Apache-2.0
// Adapters beside the model: each set learns from its own window alone, by the gradient that differences
// show.
#include <caddie/ops.h>
#include <caddie/parallel.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "evaluate/learning.h"
#include "support/learning_text.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

/// Adds (z in^T) out^T at every place where an adapter may act, with one pair for all executions.
struct Everywhere final : Adapter {
  struct Pair {
    Parameter in, out;
    Var operator()(Var z) const { return linear(linear(z, in), out); }
  };
  Pair q, k, v, a, m, z;

  void weights(Weights& w) override {
    const ModelShape& model = w.model();
    int64_t keys = int64_t(model.kv_heads) * model.head_size;
    auto add = [&](const std::string& name, int64_t out) {
      return Pair{w.add(name + ".in", {2, model.width}, Role::kMatrix, Init::uniform(0.3)),
                  w.add(name + ".out", {out, 2}, Role::kMatrix, Init::normal(0.1))};
    };
    q = add("q", model.width);
    k = add("k", keys);
    v = add("v", keys);
    a = add("a", model.width);
    m = add("m", model.width);
    z = add("z", model.vocabulary);
  }
  static Var heads(const Block& block, Var y) {
    int64_t size = block.forward.shape->head_size;
    return reshape(y, {y.shape()[0], y.shape()[1], y.shape()[2] / size, size});
  }
  Var query(Block& b) override { return heads(b, q(b.h)); }
  Var key(Block& b) override { return heads(b, k(b.h)); }
  Var value(Block& b) override { return heads(b, v(b.h)); }
  Var attention(Block& b) override { return a(b.h); }
  Var mlp(Block& b) override { return m(b.h); }
  Var logits(Forward&, Var x) override { return z(x); }
};

/// Declares a weight that only an initializer of the experiment could fill.
struct Unfilled final : Adapter {
  void weights(Weights& w) override { w.add("x", {2, 2}, Role::kMatrix, Init::by_initializer()); }
};

void set_to_zero(std::span<Weight> weights) {
  for (Weight& weight : weights) copy(Tensor(weight.value.shape()), weight.value);
}

/// Returns the mean loss of a window under the set of a new scorer, whose numbers `change` may change.
template <class Change>
double loss_of(LearningText& text, const Window& window, Change change) {
  ModelScorer scorer = text.scorer();
  LearningScorer& learner = scorer.learning();
  Everywhere adapter;
  learner.add_sets(adapter, 1);
  change(learner.set(0));
  const AdaptedWindow one = {window, 0, false};
  return learner.score_adapted({&one, 1})[0].loss();
}

}  // namespace

TEST_CASE("an adapter of zeros changes nothing", "[learning]") {
  LearningText text;
  const Window window = {6, 30, 4};
  ModelScorer scorer = text.scorer();
  double adapted = loss_of(text, window, [](std::span<Weight> set) { set_to_zero(set); });
  CHECK(adapted == Approx(scorer.score({&window, 1}, 1).loss()).epsilon(1e-6));
  CHECK(loss_of(text, window, [](std::span<Weight>) {}) != Approx(adapted).epsilon(1e-4));
}

TEST_CASE("the gradient of each place of an adapter is what differences of the loss show", "[learning]") {
  LearningText text;
  const AdaptedWindow one = {{6, 30, 4}, 0, true};
  ModelScorer scorer = text.scorer();
  LearningScorer& learner = scorer.learning();
  Everywhere adapter;
  learner.add_sets(adapter, 1);
  learner.score_adapted({&one, 1});
  std::span<Weight> set = learner.set(0);
  for (size_t w = 0; w < set.size(); ++w) {
    INFO(set[w].info->name);
    REQUIRE(set[w].gradient.defined());
    double norm = std::sqrt(squared_norm(set[w].gradient));
    REQUIRE(norm > 0);
    // Along the gradient, the loss changes by its norm.
    auto moved = [&](double step) {
      return loss_of(text, one.window, [&](std::span<Weight> other) {
        for (int64_t i = 0; i < other[w].value.numel(); ++i)
          other[w].value.data()[i] += float(step / norm) * set[w].gradient.data()[i];
      });
    };
    constexpr double kStep = 0.02;
    CHECK((moved(kStep) - moved(-kStep)) / (2 * kStep) == Approx(norm).epsilon(0.01));
  }
}

TEST_CASE("sets begin apart, learn from their own windows, and leave the model as it is", "[learning]") {
  LearningText text;
  std::vector<AdaptedWindow> both = {{{0, 12, 0}, 1, true}, {{12, 12, 0}, 0, true}};
  auto gradients = [&](int threads, const std::vector<AdaptedWindow>& windows) {
    int before = thread_count();
    set_thread_count(threads);
    ModelScorer scorer = text.scorer();
    LearningScorer& learner = scorer.learning();
    Everywhere adapter;
    learner.add_sets(adapter, 2);
    CHECK_FALSE(same_bits(learner.set(0)[0].value, learner.set(1)[0].value));
    learner.score_adapted(windows);
    set_thread_count(before);
    Tensor gradient = clone(learner.set(1)[0].gradient);
    CHECK(scorer.learned() == false);  // Nothing was scored by a set that has changed.
    learner.set(1)[0].value.data()[0] += 1;
    const AdaptedWindow next = {{36, 12, 0}, 1, false};
    learner.score_adapted({&next, 1});
    CHECK(scorer.learned() == true);
    return gradient;
  };
  Tensor together = gradients(1, both);
  CHECK(same_bits(together, gradients(3, both)));
  CHECK(same_bits(together, gradients(1, {both[0]})));
}

TEST_CASE("what an adapter must not do is an error that says so", "[learning]") {
  LearningText text;
  ModelScorer scorer = text.scorer();
  LearningScorer& learner = scorer.learning();
  Everywhere adapter, other;
  Unfilled unfilled;
  CHECK_THROWS_WITH(learner.add_sets(unfilled, 1), Contains("x: an adapter's weight says how it begins"));
  CHECK(learner.add_sets(adapter, 2) == 0);
  CHECK(learner.add_sets(adapter, 1) == 2);
  CHECK_THROWS_WITH(learner.add_sets(other, 1), Contains("a learner has one adapter"));
  CHECK_THROWS_WITH(learner.set(3), Contains("there is no set 3"));
  learner.drop_sets(2, 1);
  CHECK_THROWS_WITH(learner.set(2), Contains("there is no set 2"));
  CHECK_THROWS_WITH(learner.drop_sets(2, 1), Contains("there is no set 2"));
  CHECK(learner.add_sets(adapter, 1) == 3);
  const std::vector<AdaptedWindow> twice = {{{0, 6, 0}, 0, false}, {{6, 6, 0}, 0, false}};
  CHECK_THROWS_WITH(learner.score_adapted(twice), Contains("set 0 of an adapter's weights is to score two"));
  const AdaptedWindow first = {{0, 12, 0}, 0, true}, again = {{0, 12, 8}, 1, false},
                      outside = {{90, 12, 0}, 0, false};
  learner.score_adapted({&first, 1});
  CHECK_THROWS_WITH(learner.score_adapted({&again, 1}), Contains("position 8 is scored after the model was"));
  CHECK_THROWS_WITH(learner.score_adapted({&outside, 1}), Contains("does not lie in the stream of 96"));
}
