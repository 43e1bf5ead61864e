// SPDX-License-Identifier: Apache-2.0
// Looks at evaluators: they score each position once, train on none before it is scored, and no score depends
// on a token that comes later.
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <caddie/random.h>

#include "evaluate/score.h"
#include "laws/looks.h"
#include "laws/plain_parts.h"
#include "laws/samples.h"

namespace caddie {
namespace {

constexpr int64_t kLength = 128;  // the length of a training sequence
constexpr int kPieces = 31;
constexpr int32_t kStart = 1;  // the token that starts a document

/// Predicts every token with probability 1 / 64 and notes which positions it was asked for. The text has
/// documents of several lengths.
class UniformScorer final : public LearningScorer {
 public:
  explicit UniformScorer(int64_t positions) : count_(positions) {
    for (int64_t at = 0, length = 5; at < count_; at += length, length = 3 * length % 331)
      starts_.push_back(at);
  }
  const std::set<int64_t>& scored() const { return scored_; }

  int64_t positions() const override { return count_; }
  int64_t sequence_length() const override { return kLength; }
  std::span<const int64_t> document_starts() const override { return starts_; }
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
    for (int64_t number = first; number < first + dropped; ++number)
      hold(dropped_.insert(number).second, "it drops set {} twice", number);
  }
  std::span<Weight> set(int64_t number) override {
    hold(number < sets_ && dropped_.count(number) == 0, "it asks for set {}, which is none any more", number);
    return {};
  }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) override {
    std::vector<Score> scores;
    for (const AdaptedWindow& one : windows) {
      hold(dropped_.count(one.set) == 0, "it scores with set {}, which it has dropped", one.set);
      scores.push_back(take(one.window));
      for (int64_t i = one.window.first_scored; one.learns && i < one.window.length; ++i)
        train_on(one.window.start + i);
    }
    return scores;
  }

 private:
  Score take(const Window& window) {
    hold(window.start >= 0 && window.length <= kLength && window.start + window.length <= count_ &&
             window.first_scored >= 0 && window.first_scored < window.length,
         "of {} positions in sequences of {} it scores a window of {} from {} on, behind its first {}",
         count_, kLength, window.length, window.start, window.first_scored);
    for (int64_t i = window.start + window.first_scored; i < window.start + window.length; ++i) {
      hold(trained_on_.count(i) == 0, "it scores position {} behind training on it", i);
      hold(scored_.insert(i).second, "it scores position {} twice", i);
    }
    int64_t tokens = window.length - window.first_scored;
    return {double(tokens) * std::log(64), tokens, 3 * tokens, 1, 0};
  }
  void train_on(int64_t position) {
    hold(scored_.count(position) == 1, "it trains on position {} before it has scored it", position);
    trained_on_.insert(position);
  }
  int64_t count_, sets_ = 0;
  std::vector<int64_t> starts_;
  std::set<int64_t> scored_, trained_on_, dropped_;
};

/// Hands on what an evaluator asks for, one window at a time, and notes the score of each.
class NotingScorer final : public LearningScorer {
 public:
  explicit NotingScorer(LearningScorer& inner) : inner_(inner) {}
  /// Holds the nats of each window by where it starts, how long it is and what of it is scored.
  std::map<std::tuple<int64_t, int64_t, int64_t>, double> nats;

  int64_t positions() const override { return inner_.positions(); }
  int64_t sequence_length() const override { return inner_.sequence_length(); }
  std::span<const int64_t> document_starts() const override { return inner_.document_starts(); }
  Score score(std::span<const Window> windows, double temperature) override {
    Score all;
    for (const Window& window : windows) {
      Score one = inner_.score({&window, 1}, temperature);
      note(window, one);
      all.add(one);
    }
    return all;
  }
  std::span<Weight> weights() override { return inner_.weights(); }
  double gradient(std::span<const Passage> rows) override { return inner_.gradient(rows); }
  int64_t add_sets(Adapter& adapter, int64_t count) override { return inner_.add_sets(adapter, count); }
  void drop_sets(int64_t first, int64_t count) override { inner_.drop_sets(first, count); }
  std::span<Weight> set(int64_t number) override { return inner_.set(number); }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) override {
    std::vector<Score> scores = inner_.score_adapted(windows);
    for (size_t i = 0; i < windows.size(); ++i) note(windows[i].window, scores[i]);
    return scores;
  }

 private:
  void note(const Window& window, const Score& score) {
    nats[{window.start, window.length, window.first_scored}] = score.nats;
  }
  LearningScorer& inner_;
};

/// Is a model of one layer with a text to score.
class ScoredText {
 public:
  ScoredText(const Subject& subject, std::vector<int64_t> document_starts)
      : experiment_(subject.plain({message("data.sequence_length = {}", {kLength}), "model.layers = 1"})),
        bytes_(
            {std::vector<int16_t>(kPieces, 1), std::vector<uint8_t>(kPieces), std::vector<uint8_t>(kPieces)},
            document_starts.empty() ? -1 : kStart) {
    fill_by_name(*experiment_.model, 0.2);
    Rng rng(3, "text");
    for (int64_t i = 0; i <= kPositions; ++i) tokens.push_back(int32_t(2 + rng.below(kPieces - 2)));
    for (int64_t at : document_starts) tokens[size_t(at)] = kStart;
    documents = int64_t(document_starts.size());
  }
  /// Returns what each window scores.
  auto evaluate(Evaluator& evaluator) {
    ModelScorer scorer(*experiment_.model, experiment_.model->weights().values(), tokens, bytes_, 2 * kLength,
                       2);
    NotingScorer noting(scorer.learning());
    evaluator.evaluate(noting);
    return noting.nats;
  }
  /// Tells whether the evaluator can score such a text.
  bool suits(const Subject& subject) {
    ModelShape shape = experiment_.model->shape();
    Shapes shapes{.model = shape, .weights = {}, .positions = kPositions, .documents = documents};
    if (documents > 0) shapes.start_token = kStart;
    return !refuses([&] { subject.make<Evaluator>()->validate(shapes); });
  }

  static constexpr int64_t kPositions = 1000;
  std::vector<int32_t> tokens;
  int64_t documents = 0;

 private:
  Experiment experiment_;
  Vocabulary bytes_;
};

/// Changes all tokens from one on and checks that no window that ends before it in its document has another
/// score. That document is the last one.
bool look_at_changed_tokens(const Subject& subject, const std::vector<int64_t>& document_starts,
                            int64_t changed) {
  ScoredText text(subject, document_starts);
  if (!text.suits(subject)) return false;
  auto before = text.evaluate(*subject.make<Evaluator>());
  for (auto at = size_t(changed); at < text.tokens.size(); ++at)
    text.tokens[at] = 2 + (text.tokens[at] - 2 + 7) % (kPieces - 2);
  auto after = text.evaluate(*subject.make<Evaluator>());
  int64_t document = document_starts.empty() ? 0 : document_starts.back();
  for (const auto& [window, nats] : before) {
    auto [start, length, first] = window;
    // The target of a window's last position stands behind it.
    if (start < document || start + length >= changed) continue;
    auto found = after.find(window);
    double other = found == after.end() ? NAN : found->second;
    hold(other == nats,
         "its score of positions {} to {} depends on what comes later: it is {} nats, and {} where tokens "
         "from {} on are others",
         start + first, start + length - 1, nats, other, changed);
  }
  return true;
}

}  // namespace

void look_at_scored_positions(const Subject& subject) {
  for (int64_t positions : {128, 129, 777, 1024}) {
    UniformScorer scorer(positions);
    Score score = subject.make<Evaluator>()->evaluate(scorer);
    const std::set<int64_t>& scored = scorer.scored();
    hold(!scored.empty(), "of {} positions it scores none", positions);
    auto count = int64_t(scored.size());
    hold(score.tokens == count, "it counts {} tokens and has scored {} positions", score.tokens, count);
    hold(*scored.begin() == 0 && *scored.rbegin() == count - 1,
         "of {} positions it leaves some out: it scores {} of them, from {} to {}", positions, count,
         *scored.begin(), *scored.rbegin());
    hold(count > positions - kLength, "of {} positions it scores {}; less than a window may be left over",
         positions, count);
    hold(std::abs(score.loss() - std::log(64)) < 1e-9 && std::abs(score.bits_per_byte() - 2) < 1e-9,
         "of a uniform prediction it makes {} nats a token and {} bits a byte; wanted {} and 2", score.loss(),
         score.bits_per_byte(), std::log(64));
  }
}

void look_at_unread_tokens(const Subject& subject) {
  bool marked = look_at_changed_tokens(subject, {0, 40, 170, 600}, 800);
  bool whole = look_at_changed_tokens(subject, {}, 500);
  bool one = look_at_changed_tokens(subject, {0}, 500);
  if (!marked && !whole && !one)
    throw DoesNotApply{"it takes no text of 1000 positions with or without documents"};
}

std::string output_of_evaluator(const Subject& subject) {
  ScoredText text(subject, {0, 40, 170, 600});
  Output output;
  if (text.suits(subject))
    for (const auto& [window, nats] : text.evaluate(*subject.make<Evaluator>())) {
      output.add(double(std::get<0>(window)));
      output.add(nats);
    }
  return output.bytes();
}

}  // namespace caddie
