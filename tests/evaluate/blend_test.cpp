// SPDX-License-Identifier: Apache-2.0
// Blends at scoring: their probabilities add up to 1 over the vocabulary, they know nothing of what comes,
// and every way to a score goes through them. Expected losses are worked out from those of the model alone.
#include "evaluate/blend.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "evaluate/learning.h"
#include "support/learning_text.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

constexpr int kPieces = LearningText::kPieces;

Technique technique_of(const std::string& label, std::shared_ptr<Plugin> blend) {
  Technique technique;
  technique.label = label;
  technique.object = std::move(blend);
  return technique;
}

Technique tilt(const Values& values = {{"order", 2.0}, {"threshold", 0.5}}) {
  return technique_of("tilt", make_plugin<Blend>("ngram_tilt", values));
}

/// Mixes in a share of the even distribution, by a guess of every token.
struct Even final : Blend {
  double share = 0.25, too_much = 0;
  int vocabulary = 0;
  void begin(int pieces) override { vocabulary = pieces; }
  void read(int32_t, bool) override {}
  void guess(std::vector<Guess>& guesses) const override {
    for (int token = 0; token < vocabulary; ++token) guesses.push_back({token, 0});
  }
  double mix(std::span<const Guess>, std::span<double> p) const override {
    for (double& one : p) one = (1 - share) * one + share / vocabulary + too_much;
    return 1 - share;
  }
};

/// The text with a period of 11 tokens that noise interrupts, and the blends that read it.
struct BlendedText : LearningText {
  std::vector<Technique> blends;
  explicit BlendedText(std::vector<Technique> all) : blends(std::move(all)) {
    for (size_t i = 11; i < tokens.size(); ++i)
      if (i % 7 != 3) tokens[i] = tokens[i - 11];
  }
  std::shared_ptr<const StreamBlends> read() const {
    return std::make_shared<StreamBlends>(blends, tokens, kPieces, -1, std::function<void()>());
  }
  ModelScorer blended(std::shared_ptr<const StreamBlends> by) {
    return {*experiment.model, experiment.model->weights().values(), tokens, bytes, 24, 2, {}, std::move(by)};
  }
  ModelScorer blended() { return blended(read()); }
  /// The loss of position t in a window that ends with it.
  double loss_at(int64_t t) {
    Window window = {std::max<int64_t>(0, t - 11), std::min<int64_t>(12, t + 1), std::min<int64_t>(11, t)};
    return blended().score({&window, 1}, 1).nats;
  }
};

/// Windows of 12 positions, of which the last 4 are scored.
std::vector<Window> overlapping() {
  std::vector<Window> windows = {{0, 12, 0}};
  for (int64_t start = 4; start + 12 <= LearningText::kPositions; start += 4)
    windows.push_back({start, 12, 8});
  return windows;
}

}  // namespace

TEST_CASE("a blended distribution adds up to 1 over the whole vocabulary", "[blends]") {
  std::vector<Technique> even = {technique_of("even", std::make_shared<Even>())}, both = {tilt(), even[0]},
                         turned = {even[0], tilt({{"order", 1.0}, {"threshold", 0.0}})};
  for (const std::vector<Technique>& blends : {std::vector{tilt()}, even, both, turned})
    for (int64_t t : {3, 30, 31, 32, 33, 60, 95}) {
      INFO("position " << t);
      BlendedText text(blends);
      text.tokens.resize(size_t(t) + 2);  // Nothing is known behind the target.
      double sum = 0;
      for (int32_t token = 0; token < kPieces; ++token) {
        text.tokens.back() = token;
        sum += std::exp(-text.loss_at(t));
      }
      CHECK(sum == Approx(1).margin(1e-6).epsilon(0));
    }
}

TEST_CASE("no token from the target on changes what a blend does", "[blends]") {
  for (int64_t t : {20, 50, 77}) {
    BlendedText text({tilt()}), other({tilt()});
    for (size_t i = size_t(t) + 1; i < other.tokens.size(); ++i)
      other.tokens[i] = (other.tokens[i] + 1 + int32_t(i % 5)) % kPieces;
    ModelScorer scorer = text.blended(), of_other = other.blended();
    std::vector<Window> windows;
    for (int64_t at = 0; at < t; ++at) windows.push_back({at - at % 12, at % 12 + 1, at % 12});
    std::vector<Score> own = scorer.score_each(windows, 1), others = of_other.score_each(windows, 1);
    for (int64_t at = 0; at < t; ++at) CHECK(own[size_t(at)].nats == others[size_t(at)].nats);
  }
}

TEST_CASE("the loss under a tilt is what the model's own probabilities and the hint give", "[blends]") {
  BlendedText text({tilt()});
  ModelScorer plain = text.scorer(), blended = text.blended();
  auto hints = make_plugin<Blend>("ngram_tilt", {{"order", 2.0}, {"threshold", 0.5}});
  hints->begin(kPieces);
  int raised = 0, lowered = 0;
  std::vector<int32_t> tokens = text.tokens;
  for (int64_t t = 0; t < LearningText::kPositions; ++t) {
    std::vector<Guess> hint;
    hints->read(tokens[size_t(t)], false);
    hints->guess(hint);
    Window window = {t - t % 12, t % 12 + 1, t % 12};
    for (double temperature : {1.0, 1.5}) {
      double loss = plain.score({&window, 1}, temperature).nats, wanted = loss;
      if (!hint.empty()) {
        // The probability of the hint is that of a text in which it is the target.
        text.tokens[size_t(t) + 1] = hint[0].token;
        double p = std::exp(-plain.score({&window, 1}, temperature).nats);
        text.tokens = tokens;
        bool hit = tokens[size_t(t) + 1] == hint[0].token;
        wanted = loss - (hit ? 2.625 : 0) + std::log1p(p * std::expm1(2.625));
        (hit ? raised : lowered) += 1;
      }
      CHECK(blended.score({&window, 1}, temperature).nats == Approx(wanted).epsilon(1e-5));
    }
  }
  CHECK(raised > 20);
  CHECK(lowered > 5);
}

TEST_CASE("windows, learners and adapters score through the blend alike", "[blends]") {
  BlendedText text({tilt()});
  auto blends = text.read();
  ModelScorer scorer = text.blended(blends), alone = text.blended(), plain = text.scorer();
  std::vector<Window> windows = overlapping();
  double nats = 0;
  for (const Window& window : windows) nats += alone.score({&window, 1}, 1).nats;
  CHECK(blends->acted().empty());
  Score together = scorer.score(windows, 1);
  CHECK(blends->acted() == std::vector<std::string>{"tilt"});
  CHECK(together.nats == Approx(nats).epsilon(1e-6));
  CHECK(together.nats < plain.score(windows, 1).nats);
  CHECK(scorer.learning().score(windows, 1).nats == together.nats);

  struct Nothing final : Adapter {
    void weights(Weights& w) override { w.add("unused", {1}, Role::kVector, Init::constant(0)); }
  } nothing;
  ModelScorer another = text.blended(blends);
  LearningScorer& learner = another.learning();
  learner.add_sets(nothing, int64_t(windows.size()));
  std::vector<AdaptedWindow> adapted;
  for (const Window& window : windows) adapted.push_back({window, int64_t(adapted.size()), false});
  double by_sets = 0;
  for (const Score& score : learner.score_adapted(adapted)) by_sets += score.nats;
  CHECK(by_sets == Approx(together.nats).epsilon(1e-6));
}

TEST_CASE("a blend that never guesses changes no bit", "[blends]") {
  BlendedText text({tilt({{"order", 64.0}})});
  auto blends = text.read();
  CHECK(blends->width() == 0);
  ModelScorer scorer = text.blended(blends), plain = text.scorer();
  CHECK(scorer.score(overlapping(), 1).nats == plain.score(overlapping(), 1).nats);
  CHECK(blends->acted().empty());
}

TEST_CASE("a blend whose probabilities do not add up is an error that names it", "[blends]") {
  auto even = std::make_shared<Even>();
  even->too_much = 1e-5;
  BlendedText text({technique_of("uneven", even)});
  CHECK_THROWS_WITH(text.loss_at(5),
                    Contains("blend 'uneven': at position 5 its probabilities add up to 1.0003"));
  even->too_much = -1;
  CHECK_THROWS_WITH(text.loss_at(5), Contains("some are negative"));

  struct Twice final : Blend {
    int32_t token = 4;
    void begin(int) override {}
    void read(int32_t, bool) override {}
    void guess(std::vector<Guess>& guesses) const override { guesses.insert(guesses.end(), 2, {token, 0}); }
    double mix(std::span<const Guess>, std::span<double>) const override { return 1; }
  };
  auto twice = std::make_shared<Twice>();
  BlendedText other({technique_of("twice", twice)});
  CHECK_THROWS_WITH(other.read(), Contains("blend 'twice': at position 0 it guesses token 4 twice"));
  twice->token = kPieces;
  CHECK_THROWS_WITH(other.read(), Contains("it guesses token 31 of a vocabulary of 31"));
}
