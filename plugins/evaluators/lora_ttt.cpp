// SPDX-License-Identifier: Apache-2.0
// Test-time training of adapters of low rank (low_rank_adapter.h), document by document, score first. Each
// document has a set of adapters of its own. Its positions are cut into chunks; a chunk is scored in the
// window of the last `sequence_length` positions of the document that end with it, and then, unless the
// document ends there, the set takes one step of Adam on the mean loss of the chunk:
//   m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2
//   w <- w (1 - lr decay) - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)
// Documents go in batches of `batch_documents` in the order of their length, and of a batch all sets take a
// step as long as one document goes on. With `keep_a` the sets of a whole batch serve the next one too: A
// stays, B and the moments begin anew. Beside that the whole model may be trained in phases (phases.h).
// Source: github.com/openai/parameter-golf, pull requests 77 (adapters that begin anew), 1530, 1855 (keep_a,
// longest documents first) and 2014 (short_lengths).
#include <caddie/weight_loops.h>

#include <algorithm>
#include <cmath>

#include "low_rank_adapter.h"
#include "phases.h"

using namespace caddie;

struct AdamStep {
  const float* g;  // null for a gradient of zeros
  float *w, *m, *v;
  float beta1, beta2, rate, keep, correction, eps;
  CADDIE_FN void operator()(int64_t i) const {
    float gradient = g ? g[i] : 0;
    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i] * correction) + eps);
  }
};

struct LoraTtt final : Learner {
  // The sets of one batch and what Adam remembers of each.
  struct Sets {
    int64_t first = 0, steps = 0;
    std::vector<std::vector<Tensor>> m, v;
  };
  // A document and the chunks that its positions are cut into.
  struct Document {
    Stretch positions;
    int64_t chunk = 0;
    int64_t length() const { return positions.end - positions.begin; }
    int64_t chunks() const { return (length() + chunk - 1) / chunk; }
  };

  LowRankAdapter adapter;
  double alpha = 0, lr = 0.01, beta1 = 0.9, beta2 = 0.95, eps = 1e-10, weight_decay = 0;
  int64_t sequence_length = 0, chunk_tokens = 0, batch_documents = 64;
  std::vector<int64_t> short_lengths, short_chunks;
  std::string order = "shortest_first";
  bool keep_a = false;
  Phases phases;

  void settings(Settings& s) override {
    s("rank", adapter.rank, "rank of the adapters", at_least(1));
    s("alpha", alpha, "adapters are scaled by alpha / rank; 0: by 1", at_least(0));
    for (int place = 0; place < LowRankAdapter::kPlaces; ++place)
      s(LowRankAdapter::kNames[place], adapter.adapts[size_t(place)], "put an adapter there");
    s("lr", lr, "learning rate", at_least(0));
    s("beta1", beta1, "how much of the mean of gradients stays each step", between(0, 0.999999));
    s("beta2", beta2, "how much of the mean of their squares stays each step", between(0, 0.999999));
    s("eps", eps, "what is added to the root of that mean", between(1e-30, 1));
    s("weight_decay", weight_decay, "decay of the adapters, multiplied by the rate", at_least(0));
    s("sequence_length", sequence_length, "length of a window; 0: that of training", at_least(0));
    s("chunk_tokens", chunk_tokens, "positions scored before they are trained on; 0: a quarter of a window",
      at_least(0));
    s("short_lengths", short_lengths, "largest lengths of documents with chunks of their own", at_least(1));
    s("short_chunks", short_chunks, "chunk_tokens of a batch whose documents are no longer", at_least(1));
    s("batch_documents", batch_documents, "documents that go side by side", at_least(1));
    s("order", order, "which documents go first", one_of("shortest_first", "longest_first"));
    s("keep_a", keep_a, "let the sets of a whole batch keep their A for the next one");
    phases.settings(s);
  }
  void validate(const Shapes& shapes) const override {
    check(std::ranges::find(adapter.adapts, true) != adapter.adapts.end(),
          "no place has an adapter; switch one on, such as query");
    check(short_lengths.size() == short_chunks.size() && std::ranges::is_sorted(short_lengths),
          "short_lengths and short_chunks want the same number of entries, the lengths rising");
    int64_t length = window(shapes.model.sequence_length);
    for (int64_t chunk : short_chunks) check_chunk(chunk, length);
    check_chunk(chunk_of(length), length);
    check_windows(shapes, 1, true);
  }
  static void check_chunk(int64_t chunk, int64_t length) {
    check(chunk <= length, "a chunk of {} positions does not fit into a window of {}", chunk, length);
  }
  int64_t chunk_of(int64_t window) const {
    return chunk_tokens > 0 ? chunk_tokens : std::max<int64_t>(1, window / 4);
  }
  int64_t window(int64_t of_training) const { return sequence_length > 0 ? sequence_length : of_training; }

  Score learn(LearningScorer& scorer) override {
    adapter.scale = alpha > 0 ? float(alpha / double(adapter.rank)) : 1;
    int64_t length = window(scorer.sequence_length());
    Sets kept = keep_a ? new_sets(scorer, batch_documents) : Sets();
    std::vector<Stretch> scored;  // documents, by length where the longest go first
    int64_t phase = 0;
    Score total;
    for (const std::vector<Document>& batch : batches(scorer, chunk_of(length))) {
      bool keeps = keep_a && int64_t(batch.size()) == batch_documents;
      Sets fresh = keeps ? Sets() : new_sets(scorer, int64_t(batch.size()));
      if (keeps) begin_anew(scorer, kept);
      learn_batch(scorer, batch, length, keeps ? kept : fresh, total);
      if (!keeps) drop(scorer, fresh);
      auto at = order == "longest_first" ? scored.begin() : scored.end();
      for (const Document& document : batch) at = scored.insert(at, document.positions) + 1;
      for (int64_t wanted; (wanted = phases.awaited(phase)) > 0 && int64_t(scored.size()) >= wanted;
           ++phase) {
        phases.train(scorer, {scored.begin(), scored.begin() + wanted});
        if (!keep_a) continue;
        drop(scorer, kept);
        kept = new_sets(scorer, batch_documents);
      }
    }
    return total;
  }
  // Returns the documents in batches, in the order in which they go.
  std::vector<std::vector<Document>> batches(const Scorer& scorer, int64_t usual) const {
    std::vector<Document> documents;
    for (const Stretch& stretch : stretches(scorer, true)) documents.push_back({stretch, usual});
    bool longest = order == "longest_first";
    std::ranges::stable_sort(documents, std::less<>(),
                             [&](const Document& d) { return longest ? d.length() : d.chunks(); });
    std::vector<std::vector<Document>> all;
    for (size_t at = 0; at < documents.size(); at += size_t(batch_documents)) {
      auto from = documents.begin() + std::ptrdiff_t(at);
      auto to = from + std::min<std::ptrdiff_t>(documents.end() - from, batch_documents);
      all.emplace_back(from, to);
      int64_t chunk = chunk_for(longest_of(all.back()), usual);
      for (Document& document : all.back()) document.chunk = chunk;
    }
    if (longest) std::ranges::stable_sort(all, std::greater<>(), longest_of);
    return all;
  }
  static int64_t longest_of(const std::vector<Document>& batch) {
    int64_t longest = 0;
    for (const Document& document : batch) longest = std::max(longest, document.length());
    return longest;
  }
  // Returns the length of the chunks of a batch by that of its longest document.
  int64_t chunk_for(int64_t longest, int64_t usual) const {
    for (size_t i = 0; i < short_lengths.size(); ++i)
      if (longest <= short_lengths[i]) return short_chunks[i];
    return usual;
  }
  Sets new_sets(LearningScorer& scorer, int64_t count) {
    Sets sets = {scorer.add_sets(adapter, count), 0, {}, {}};
    sets.m.resize(size_t(count));
    sets.v.resize(size_t(count));
    return sets;
  }
  static void drop(LearningScorer& scorer, const Sets& sets) {
    scorer.drop_sets(sets.first, int64_t(sets.m.size()));
  }
  // Sets B and the moments to zero.
  static void begin_anew(LearningScorer& scorer, Sets& sets) {
    sets.steps = 0;
    for (size_t i = 0; i < sets.m.size(); ++i) {
      std::span<Weight> weights = scorer.set(sets.first + int64_t(i));
      for (size_t w = 0; w < weights.size(); ++w)
        if (LowRankAdapter::is_b(w))
          copy(Tensor(weights[w].value.shape(), weights[w].value.device()), weights[w].value);
      sets.m[i].clear();
      sets.v[i].clear();
    }
  }
  // Scores the documents of a batch chunk by chunk, and trains their sets in between.
  void learn_batch(LearningScorer& scorer, const std::vector<Document>& batch, int64_t length, Sets& sets,
                   Score& total) const {
    int64_t chunks = 0;
    for (const Document& document : batch) chunks = std::max(chunks, document.chunks());
    for (int64_t c = 0; c < chunks; ++c) {
      std::vector<AdaptedWindow> windows;
      for (size_t i = 0; i < batch.size(); ++i)
        if (c < batch[i].chunks())
          windows.push_back(
              {window_of(batch[i], c, length), sets.first + int64_t(i), c + 1 < batch[i].chunks()});
      for (const Score& score : scorer.score_adapted(windows)) total.add(score);
      if (c + 1 < chunks) step(scorer, windows, sets);
    }
  }
  static Window window_of(const Document& document, int64_t c, int64_t length) {
    int64_t begin = c * document.chunk, end = std::min(begin + document.chunk, document.length());
    int64_t from = std::max<int64_t>(0, end - length);
    return {document.positions.begin + from, end - from, begin - from};
  }
  // Lets all sets take a step; the gradient is zero for those whose document has ended.
  void step(LearningScorer& scorer, std::span<const AdaptedWindow> windows, Sets& sets) const {
    ++sets.steps;
    std::vector<bool> learns(sets.m.size());
    for (const AdaptedWindow& one : windows) learns[size_t(one.set - sets.first)] = one.learns;
    parallel_for(int(sets.m.size()), [&](int i) {
      std::span<Weight> weights = scorer.set(sets.first + i);
      add_zeros(weights, sets.m[size_t(i)]);
      add_zeros(weights, sets.v[size_t(i)]);
      for (size_t w = 0; w < weights.size(); ++w)
        adam(weights[w], learns[size_t(i)], sets.m[size_t(i)][w], sets.v[size_t(i)][w], sets.steps);
    });
  }
  void adam(const Weight& weight, bool learns, Tensor& m, Tensor& v, int64_t t) const {
    AdamStep step{};
    step.g = learns && weight.gradient.defined() ? weight.gradient.data() : nullptr;
    step.w = weight.value.data();
    step.m = m.data();
    step.v = v.data();
    step.beta1 = float(beta1);
    step.beta2 = float(beta2);
    step.keep = float(1 - lr * weight_decay);
    step.rate = float(lr / (1 - std::pow(beta1, double(t))));
    step.correction = float(1 / (1 - std::pow(beta2, double(t))));
    step.eps = float(eps);
    for_each(weight.value.device(), weight.value.numel(), step);
  }
};

CADDIE_PLUGIN(LoraTtt, .summary = "Trains low-rank adapters on each document as its text is scored.",
              .source = "github.com/openai/parameter-golf, pull requests 77 and 1855");
