// SPDX-License-Identifier: Apache-2.0
// Lets blends read a stream once, from its first token to its last, and mixes what they guessed into losses.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/technique.h"

namespace caddie {

/// Holds the guesses of blends at each position of a stream, for scorers that come to the positions in any
/// order and on several threads. A guess of the token behind a position knows that position and those before.
class StreamBlends {
 public:
  /// Asks each blend along the whole stream; `start_token` starts a document, -1 where that is not known.
  /// `meanwhile` may be empty; it is called again and again, and what it throws ends this. `tokens`, which
  /// are below `vocabulary`, must outlive the object. Throws Error when a guess is no token, or is made
  /// twice.
  StreamBlends(std::span<const Technique> blends, std::span<const int32_t> tokens, int vocabulary,
               int start_token, const std::function<void()>& meanwhile);

  /// Returns how many tokens are guessed at one position at most.
  int64_t width() const { return width_; }
  /// Returns what is guessed at the scored positions of windows, [width, windows, length]; -1 is no guess.
  std::vector<int32_t> guessed(std::span<const Window> windows, int64_t length) const;
  /// Changes the losses nats[t] of the scored positions of a window; nats[(k + 1) stride + t] is -log p of
  /// the k-th token that guessed() gave for the position. Throws Error when what a blend makes of
  /// probabilities does not add up to 1. Several threads may call it at once.
  void mix(const Window& window, float* nats, int64_t stride) const;
  /// Returns the labels of the blends that have changed a loss.
  std::vector<std::string> acted() const;

 private:
  /// Holds one blend and its guesses, beside each the position, which never falls.
  struct Voice {
    Technique technique;
    std::vector<int64_t> positions = {};
    std::vector<Guess> guesses = {};
    int64_t first = 0, width = 0;  // its place among the guesses of one position
    mutable std::atomic<bool> acted = false;

    explicit Voice(const Technique& blend) : technique(blend) {}
    /// Returns the guesses at a position.
    std::span<const Guess> at(int64_t position) const;
  };
  /// Holds one position while the blends act on it, one after the other.
  struct Mixture {
    int64_t position;
    int32_t target;
    double loss;                 // of the target
    std::vector<Guess> guesses;  // all blends' guesses
    std::vector<double> p;       // their probabilities
  };
  void listen(Voice& voice, int vocabulary, int start_token, const std::function<void()>& meanwhile) const;
  void mix(const Voice& voice, std::span<const Guess> guesses, size_t first, Mixture& all) const;

  std::span<const int32_t> tokens_;
  std::deque<Voice> voices_;
  int64_t width_ = 0;
};

}  // namespace caddie
