// SPDX-License-Identifier: Apache-2.0
// The guesses of ngram_tilt, worked out anew for each position.
#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr int kPieces = 7;
using Tokens = std::vector<int32_t>;

/// Tokens that repeat themselves now and then; token 0 starts a document.
Tokens repetitive(int64_t count) {
  Tokens tokens;
  Rng rng(5, "repetitive");
  for (int64_t i = 0; i < count; ++i)
    tokens.push_back(i >= 20 && rng.below(4) > 0 ? tokens[size_t(i - 17)] : int32_t(rng.below(kPieces)));
  return tokens;
}

/// The guesses behind each token but the last.
std::vector<std::vector<Guess>> guesses_of(Blend& blend, const Tokens& tokens) {
  std::vector<std::vector<Guess>> all;
  blend.begin(kPieces);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    blend.read(tokens[i], tokens[i] == 0);
    blend.guess(all.emplace_back());
  }
  return all;
}

}  // namespace

TEST_CASE("ngram_tilt guesses what a count over all that was read gives", "[blends]") {
  const Tokens tokens = repetitive(500);
  for (bool by_document : {false, true})
    for (int order : {1, 2, 3, 5})
      for (double threshold : {0.0, 0.5, 0.8}) {
        INFO("order " << order << ", threshold " << threshold << ", by document " << by_document);
        auto blend = make_plugin<Blend>("ngram_tilt", {{"order", double(order)},
                                                       {"threshold", threshold},
                                                       {"reset", by_document ? "document" : "stream"}});
        auto guesses = guesses_of(*blend, tokens);
        size_t begin = 0, context = size_t(order) - 1;
        for (size_t i = 0; i < guesses.size(); ++i) {
          if (by_document && tokens[i] == 0) begin = i;
          // Counts anew what came behind each earlier place where the same tokens stood.
          int counts[kPieces] = {}, total = 0, best = -1;
          bool long_enough = i + 1 - begin >= context;
          for (size_t end = begin + context; long_enough && end <= i; ++end) {
            if (!std::equal(tokens.begin() + int64_t(end - context), tokens.begin() + int64_t(end),
                            tokens.begin() + int64_t(i + 1 - context)))
              continue;
            int token = tokens[end];
            ++total;
            if (++counts[token] > (best < 0 ? 0 : counts[best])) best = token;
          }
          bool hint = total > 0 && float(counts[best]) / float(total) >= float(threshold);
          INFO("position " << i);
          REQUIRE(guesses[i].size() == size_t(hint));
          if (hint) CHECK(guesses[i][0].token == best);
        }
      }
}

TEST_CASE("ngram_tilt raises the logit of its hint", "[blends]") {
  // e^2.625 = 13.80457; with p(h) = 0.2 the sum is 1 + 0.2 * 12.80457 = 3.560915.
  const Guess hint[] = {{3, 2.625f}};
  std::vector<double> p = {0.2};
  CHECK(make_plugin<Blend>("ngram_tilt")->mix(hint, p) == Approx(1 / 3.560915).epsilon(1e-6));
  CHECK(p[0] == Approx(0.2 * 13.80457 / 3.560915).epsilon(1e-6));
  // With an exponent of 1 the boost is 2.625 * 0.8 = 2.1, and e^2.1 = 8.16617.
  p = {0.2};
  CHECK(make_plugin<Blend>("ngram_tilt", {{"confidence_exponent", 1.0}})->mix(hint, p) ==
        Approx(1 / 2.433234).epsilon(1e-6));
  CHECK(p[0] == Approx(0.2 * 8.16617 / 2.433234).epsilon(1e-6));
}
