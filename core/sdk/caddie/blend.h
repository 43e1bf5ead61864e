// SPDX-License-Identifier: Apache-2.0
// Declares blends, which mix the model's probabilities with what another predictor makes of the text before.
#pragma once

#include <caddie/slots.h>

#include <cstdint>
#include <span>
#include <vector>

namespace caddie {

/// Names a token that may come next, with a number whose meaning is the blend's own.
struct Guess {
  int32_t token = 0;
  float strength = 0;
};

/// Changes the probabilities that an evaluation scores. Its guesses are asked for once along the stream,
/// before the model runs: guess() for a token always comes before read() of that token, so no guess can
/// depend on what it is about, nor on anything behind it.
struct CADDIE_API Blend : Plugin {
  static constexpr Kind kKind = Kind::kBlend;
  /// Forgets everything: a stream begins, of tokens below `vocabulary`.
  virtual void begin(int vocabulary) = 0;
  /// Reads the next token of the stream, and is told whether it is the first one of a document.
  virtual void read(int32_t token, bool starts_document) = 0;
  /// Appends guesses of the token that comes behind what was read: some tokens, each once, or none.
  virtual void guess(std::vector<Guess>& guesses) const = 0;
  /// Is given the probabilities of the guessed tokens, in their order; it sets them to what they shall be and
  /// returns the factor that multiplies those of all other tokens. The sum of all must stay 1. It is asked at
  /// positions with guesses alone, by several threads at once.
  virtual double mix(std::span<const Guess> guesses, std::span<double> probabilities) const = 0;
};

}  // namespace caddie
