// SPDX-License-Identifier: Apache-2.0
// Looks at blends: what they guess comes from what they have read, and what they make of probabilities is a
// distribution.
#include <cmath>
#include <numeric>

#include <caddie/random.h>

#include "laws/looks.h"
#include "laws/samples.h"

namespace caddie {
namespace {

constexpr int kVocabulary = 7;
constexpr size_t kChanged = 150;  // the first token that another text has otherwise
using Guesses = std::vector<Guess>;

/// Returns tokens that repeat themselves now and then; token 0 starts a document.
std::vector<int32_t> repetitive_tokens() {
  std::vector<int32_t> tokens;
  Rng rng(5, "repetitive");
  for (size_t i = 0; i < 300; ++i)
    tokens.push_back(i >= 20 && rng.below(4) > 0 ? tokens[i - 17] : int32_t(rng.below(kVocabulary)));
  return tokens;
}

/// Returns the guesses behind each token but the last.
std::vector<Guesses> guesses_of(Blend& blend, const std::vector<int32_t>& tokens) {
  std::vector<Guesses> all;
  blend.begin(kVocabulary);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    blend.read(tokens[i], tokens[i] == 0);
    blend.guess(all.emplace_back());
  }
  return all;
}

bool same_guesses(const Guesses& a, const Guesses& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Guess& x, const Guess& y) {
    return x.token == y.token && x.strength == y.strength;
  });
}

void hold_tokens(const Guesses& guesses, size_t position) {
  std::vector<bool> seen(kVocabulary);
  for (const Guess& guess : guesses) {
    hold(guess.token >= 0 && guess.token < kVocabulary, "at position {} it guesses {}; tokens are 0 to {}",
         position, guess.token, kVocabulary - 1);
    hold(!seen[size_t(guess.token)], "at position {} it guesses {} twice", position, guess.token);
    seen[size_t(guess.token)] = true;
  }
}

}  // namespace

void look_at_guesses(const Subject& subject) {
  const std::vector<int32_t> tokens = repetitive_tokens();
  std::vector<int32_t> other = tokens;
  for (size_t i = kChanged; i < other.size(); ++i) other[i] = (other[i] + 1 + int32_t(i % 3)) % kVocabulary;
  auto blend = subject.make<Blend>();
  auto first = guesses_of(*blend, tokens), again = guesses_of(*blend, tokens),
       changed = guesses_of(*blend, other);
  size_t made = 0, differing = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    hold_tokens(first[i], i);
    hold(same_guesses(first[i], again[i]),
         "at position {} it guesses otherwise in a second stream; begin() must forget everything", i);
    bool same = same_guesses(first[i], changed[i]);
    hold(i >= kChanged || same, "its guesses at position {} depend on tokens from {} on", i, kChanged);
    made += first[i].size();
    differing += !same;
  }
  hold(made > 0, "it guesses nothing in a text that repeats itself");
  hold(differing > 0, "it guesses the same whatever it reads");
}

void look_at_mixtures(const Subject& subject) {
  auto blend = subject.make<Blend>();
  Rng rng(9, "distributions");
  for (const Guesses& guesses : guesses_of(*blend, repetitive_tokens())) {
    if (guesses.empty()) continue;
    std::vector<double> p(kVocabulary), guessed;
    double sharpness = 30 * rng.uniform();  // from nearly even to nearly certain
    for (double& one : p) one = std::exp(sharpness * rng.uniform());
    double whole = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& one : p) one /= whole;
    for (const Guess& guess : guesses) guessed.push_back(p[size_t(guess.token)]);
    double factor = blend->mix(guesses, guessed);
    for (double& one : p) one *= factor;
    for (size_t i = 0; i < guesses.size(); ++i) p[size_t(guesses[i].token)] = guessed[i];
    double sum = std::accumulate(p.begin(), p.end(), 0.0);
    hold(std::abs(sum - 1) <= 1e-6, "what it makes of probabilities adds up to {}; wanted 1", sum);
    for (double one : p) hold(one >= 0, "it makes a probability of {}", one);
  }
}

std::string output_of_blend(const Subject& subject) {
  auto blend = subject.make<Blend>();
  Output output;
  for (const Guesses& guesses : guesses_of(*blend, repetitive_tokens())) {
    for (const Guess& guess : guesses) {
      output.add(double(guess.token));
      output.add(double(guess.strength));
    }
    std::vector<double> p(guesses.size(), 0.1);
    if (!guesses.empty()) output.add(blend->mix(guesses, p));
  }
  return output.bytes();
}

}  // namespace caddie
