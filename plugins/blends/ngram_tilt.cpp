// SPDX-License-Identifier: Apache-2.0
// Tilts probabilities towards what followed the same tokens before. Let c(x, a) count how often token a came
// behind the last `order` - 1 tokens x so far, c(x) how often anything did, and h be the token that was first
// to have the largest count. Where c(x) > 0 and c(x, h) / c(x) >= threshold (compared in float32),
//   p'(a) = p(a) e^(b [a = h]) / (1 + p(h) (e^b - 1)),  b = boost (1 - p(h))^confidence_exponent
// and elsewhere nothing changes. Counts and x go on across documents, or are both forgotten where a document
// starts with `reset` = "document". There is one order, without backing off to shorter ones.
// Counts are exact but for collisions of 64-bit hashes; they take about 50 bytes for each position of a text.
// Source: github.com/openai/parameter-golf, pull requests 1145, 1514 (tokens alone), 2135 (the defaults), and
// 2129 for confidence_exponent. Inferred: that 2135 counts over the whole stream, as the code of 1145 does.
#include <caddie/plugin.h>

#include <cmath>
#include <unordered_map>
using namespace caddie;

struct NgramTilt final : Blend {
  struct Seen {
    uint32_t total = 0, best_count = 0;
    int32_t best = 0;
  };
  int order = 16;
  double threshold = 0.8, boost = 2.625, confidence_exponent = 0;
  std::string reset = "stream";
  std::vector<int32_t> last;                      // the context's tokens, in a ring
  int64_t count = 0;                              // the tokens read since the last reset
  std::unordered_map<uint64_t, Seen> contexts;    // by the hash of the context
  std::unordered_map<uint64_t, uint32_t> others;  // counts of the tokens that are not the best ones, by pair

  void settings(Settings& s) override {
    s("order", order, "tokens of an n-gram, the predicted one included", between(1, 64));
    s("threshold", threshold, "share of its context that a token must have to be a hint", between(0, 1));
    s("boost", boost, "what a hint's logit rises by", between(0, 30));
    s("confidence_exponent", confidence_exponent, "boost times (1 - p(hint)) to this power; 0: all of it",
      between(0, 100));
    s("reset", reset, "what begins without counts", one_of("stream", "document"));
  }
  void validate(const Shapes& shapes) const override {
    check(reset == "stream" || shapes.documents != 0,
          "the validation stream marks no documents; set reset = \"stream\"");
  }
  void begin(int) override {
    last.assign(size_t(order - 1), 0);
    count = 0;
    contexts.clear();
    others.clear();
  }
  bool has_context() const { return count >= int64_t(last.size()); }
  static uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ (value + 1)) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 31);
  }
  uint64_t context() const {
    uint64_t hash = 0;
    for (size_t i = 0; i < last.size(); ++i)
      hash = mixed(hash, uint64_t(last[(size_t(count) + i) % last.size()]));
    return hash;
  }

  void read(int32_t token, bool starts_document) override {
    if (starts_document && reset == "document") begin(0);
    if (has_context()) note(context(), token);
    if (!last.empty()) last[size_t(count) % last.size()] = token;
    ++count;
  }
  // Counts a token behind a context. The best one so far stays the best until another is counted more often.
  void note(uint64_t context, int32_t token) {
    Seen& seen = contexts[context];
    ++seen.total;
    if (seen.total == 1) seen.best = token;
    if (seen.best == token) {
      ++seen.best_count;
    } else if (uint32_t own = ++others[mixed(context, uint64_t(token))]; own > seen.best_count) {
      others[mixed(context, uint64_t(seen.best))] = seen.best_count;
      seen.best = token;
      seen.best_count = own;
    }
  }
  void guess(std::vector<Guess>& guesses) const override {
    if (!has_context()) return;
    auto found = contexts.find(context());
    if (found == contexts.end()) return;
    const Seen& seen = found->second;
    if (float(seen.best_count) / float(seen.total) >= float(threshold))
      guesses.push_back({seen.best, float(boost)});
  }
  double mix(std::span<const Guess> guesses, std::span<double> p) const override {
    double b = double(guesses[0].strength) * std::pow(1 - p[0], confidence_exponent);
    double whole = 1 + p[0] * std::expm1(b);
    p[0] *= std::exp(b) / whole;
    return 1 / whole;
  }
};

CADDIE_PLUGIN(NgramTilt, .summary = "Raises the token that mostly followed the same tokens before.",
              .source = "github.com/openai/parameter-golf, pull requests 1145, 1514 and 2135");
