// SPDX-License-Identifier: Apache-2.0
// A blend is asked at each position before it reads the token behind it; then the core does the arithmetic of
// what it did not guess, and checks the sum.
#include "evaluate/blend.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace caddie {
namespace {

constexpr double kTolerance = 1e-6;         // of a sum of probabilities
constexpr int64_t kBetweenCalls = 1 << 16;  // positions from one call of `meanwhile` to the next

// Throws Error unless each guess is a token and none is made twice.
void check_guesses(std::span<const Guess> guesses, int vocabulary, const std::string& label,
                   int64_t position) {
  for (size_t i = 0; i < guesses.size(); ++i) {
    int32_t token = guesses[i].token;
    check(token >= 0 && token < vocabulary,
          "blend '{}': at position {} it guesses token {} of a vocabulary of {}", label, position, token,
          vocabulary);
    for (size_t k = 0; k < i; ++k)
      check(guesses[k].token != token, "blend '{}': at position {} it guesses token {} twice", label,
            position, token);
  }
}

// Returns the place of a token among guesses; their number when it is none of them.
size_t place_of(int32_t token, std::span<const Guess> guesses) {
  auto is_it = [=](const Guess& guess) { return guess.token == token; };
  return size_t(std::find_if(guesses.begin(), guesses.end(), is_it) - guesses.begin());
}

}  // namespace

StreamBlends::StreamBlends(std::span<const Technique> blends, std::span<const int32_t> tokens, int vocabulary,
                           int start_token, const std::function<void()>& meanwhile)
    : tokens_(tokens) {
  for (const Technique& blend : blends) {
    Voice& voice = voices_.emplace_back(blend);
    voice.first = width_;
    listen(voice, vocabulary, start_token, meanwhile);
    width_ += voice.width;
  }
}

void StreamBlends::listen(Voice& voice, int vocabulary, int start_token,
                          const std::function<void()>& meanwhile) const {
  Call<Blend> blend = voice.technique.as<Blend>();
  blend->begin(vocabulary);
  for (int64_t position = 0; position + 1 < int64_t(tokens_.size()); ++position) {
    if (meanwhile && position % kBetweenCalls == 0) meanwhile();
    int32_t token = tokens_[size_t(position)];
    blend->read(token, token == start_token);
    size_t before = voice.guesses.size();
    blend->guess(voice.guesses);
    std::span<const Guess> made = std::span(voice.guesses).subspan(before);
    check_guesses(made, vocabulary, voice.technique.label, position);
    voice.positions.resize(voice.guesses.size(), position);
    voice.width = std::max(voice.width, int64_t(made.size()));
  }
  blend->begin(vocabulary);  // What it has learned of the stream is needed no more.
}

std::span<const Guess> StreamBlends::Voice::at(int64_t position) const {
  auto [begin, end] = std::equal_range(positions.begin(), positions.end(), position);
  return std::span(guesses).subspan(size_t(begin - positions.begin()), size_t(end - begin));
}

std::vector<int32_t> StreamBlends::guessed(std::span<const Window> windows, int64_t length) const {
  auto rows = int64_t(windows.size());
  std::vector<int32_t> tokens(size_t(width_ * rows * length), -1);
  for (int64_t row = 0; row < rows; ++row)
    for (const Voice& voice : voices_)
      for (int64_t t = windows[size_t(row)].first_scored; t < windows[size_t(row)].length; ++t) {
        int64_t set = voice.first;
        for (const Guess& guess : voice.at(windows[size_t(row)].start + t))
          tokens[size_t((set++ * rows + row) * length + t)] = guess.token;
      }
  return tokens;
}

void StreamBlends::mix(const Window& window, float* nats, int64_t stride) const {
  std::vector<std::span<const Guess>> made(voices_.size());
  Mixture all{};
  for (int64_t t = window.first_scored; t < window.length; ++t) {
    all.position = window.start + t;
    all.target = tokens_[size_t(all.position) + 1];
    all.loss = double(nats[t]);
    all.guesses.clear();
    all.p.clear();
    for (size_t v = 0; v < voices_.size(); ++v) {
      made[v] = voices_[v].at(all.position);
      for (size_t i = 0; i < made[v].size(); ++i) {
        all.guesses.push_back(made[v][i]);
        all.p.push_back(std::exp(-double(nats[(voices_[v].first + int64_t(i) + 1) * stride + t])));
      }
    }
    if (all.guesses.empty()) continue;
    for (size_t v = 0, first = 0; v < voices_.size(); first += made[v++].size())
      if (!made[v].empty()) mix(voices_[v], made[v], first, all);
    nats[t] = float(all.loss);
  }
}

// The guesses from `first` on are the blend's own; to those of other blends it does what it does to any
// token.
void StreamBlends::mix(const Voice& voice, std::span<const Guess> guesses, size_t first, Mixture& all) const {
  std::span<double> own = std::span(all.p).subspan(first, guesses.size());
  double rest = 1 - std::accumulate(own.begin(), own.end(), 0.0);
  double factor = voice.technique.as<Blend>()->mix(guesses, own);
  double sum = std::accumulate(own.begin(), own.end(), factor * rest);
  bool positive = factor >= 0 && std::all_of(own.begin(), own.end(), [](double p) { return p >= 0; });
  check(positive && std::abs(sum - 1) <= kTolerance,
        "blend '{}': at position {} its probabilities add up to {}{}; they have to be 0 or more and add up "
        "to 1",
        voice.technique.label, all.position, sum, positive ? "" : " and some are negative");
  for (size_t k = 0; k < all.p.size(); ++k) {
    if (k >= first && k < first + guesses.size()) continue;
    size_t same = place_of(all.guesses[k].token, guesses);
    all.p[k] = same < guesses.size() ? own[same] : all.p[k] * factor;
  }
  size_t hit = place_of(all.target, guesses);
  double before = all.loss;
  all.loss = hit < guesses.size() ? -std::log(own[hit]) : all.loss - std::log(factor);
  if (float(before) != float(all.loss)) voice.acted = true;
}

std::vector<std::string> StreamBlends::acted() const {
  std::vector<std::string> labels;
  for (const Voice& voice : voices_)
    if (voice.acted) labels.push_back(voice.technique.label);
  return labels;
}

}  // namespace caddie
