// SPDX-License-Identifier: Apache-2.0
// Test-time training of the whole model, score first. The stream is cut into n chunks of `chunk_tokens`
// positions, and a sliding window (sliding.h) belongs to the chunk in which its first scored position lies.
// For each chunk c = 0, 1, ... in turn: all its windows are scored, and then, unless it is the last one, its
// whole rows of T positions are trained on, `batch_rows` at a time, `epochs` times over, by SGD (sgd.h) whose
// momentum stays from chunk to chunk. With `frozen_layers` = k the vectors of layers below k stay as they
// are. Source: github.com/openai/parameter-golf, pull requests 549 (b_stride, frozen_layers), 1413 and 1493
// (a).
#include "sgd.h"
#include "sliding.h"

using namespace caddie;

struct SgdTtt final : Learner {
  Sliding sliding;
  int64_t sequence_length = 0, chunk_tokens = 32768, batch_rows = 32, epochs = 3, frozen_layers = 0;
  Sgd sgd;

  void settings(Settings& s) override {
    sliding.settings(s);
    s("sequence_length", sequence_length, "length of a window and of a row; 0: that of training",
      at_least(0));
    s("chunk_tokens", chunk_tokens, "positions that are scored before they are trained on", at_least(1));
    s("lr", sgd.lr, "learning rate at the first chunk", at_least(0));
    s("momentum", sgd.momentum, "share of the last update that stays in the next", between(0, 1));
    s("epochs", epochs, "how often each chunk is trained on", at_least(1));
    s("batch_rows", batch_rows, "rows of one update", at_least(1));
    s("clip", sgd.clip, "largest norm of a gradient; 0: no limit", at_least(0));
    s("frozen_layers", frozen_layers, "layers, from the first, whose vectors are not trained", at_least(0));
  }
  void validate(const Shapes& shapes) const override {
    int64_t length = length_for(shapes.model.sequence_length);
    sliding.validate(length);
    check(chunk_tokens >= length, "chunk_tokens {} is less than a row of {}, so nothing would be trained on",
          chunk_tokens, length);
    check_windows(shapes, length, false);
  }
  std::string remark(const Shapes& shapes) const override {
    if (shapes.positions == 0 || shapes.positions > chunk_tokens) return "";
    return message("chunk_tokens = {} and the text has {} positions, so nothing is scored after training",
                   {chunk_tokens, shapes.positions});
  }
  int64_t length_for(int64_t of_training) const {
    return sequence_length > 0 ? sequence_length : of_training;
  }

  Score learn(LearningScorer& scorer) override {
    int64_t length = length_for(scorer.sequence_length()), positions = scorer.positions();
    int64_t chunks = (positions + chunk_tokens - 1) / chunk_tokens;
    std::vector<std::vector<Window>> windows(static_cast<size_t>(chunks));
    for (const Window& window : sliding.windows({{0, positions}}, length))
      windows[size_t(std::min((window.start + window.first_scored) / chunk_tokens, chunks - 1))].push_back(
          window);
    std::vector<Tensor> velocities;
    Score total;
    for (int64_t c = 0; c < chunks; ++c) {
      if (windows[size_t(c)].empty()) continue;
      total.add(scorer.score(windows[size_t(c)]));
      if (c + 1 == chunks) break;
      train(scorer, {c * chunk_tokens, (c + 1) * chunk_tokens}, length, sgd.rate(c, chunks), velocities);
    }
    return total;
  }
  // Trains on the whole rows of a chunk.
  void train(LearningScorer& scorer, const Stretch& chunk, int64_t length, double rate,
             std::vector<Tensor>& velocities) const {
    std::vector<Stretch> rows;
    for (int64_t at = chunk.begin; at + length <= chunk.end; at += length) rows.push_back({at, at + length});
    for (int64_t epoch = 0; epoch < epochs; ++epoch)
      for (size_t at = 0; at < rows.size(); at += size_t(batch_rows)) {
        scorer.gradient(std::span(rows).subspan(at, std::min(rows.size() - at, size_t(batch_rows))));
        sgd.step(scorer.weights(), rate, velocities,
                 [&](const Weight& weight) { return is_trained(weight); });
      }
  }
  bool is_trained(const Weight& weight) const {
    const WeightInfo& info = *weight.info;
    return info.role == Role::kMatrix || info.layer < 0 || info.layer >= frozen_layers;
  }
};

CADDIE_PLUGIN(SgdTtt, .summary = "Trains the model by SGD on each chunk of the text once that is scored.",
              .source = "github.com/openai/parameter-golf, pull requests 549 and 1493");
