// SPDX-License-Identifier: Apache-2.0
// Trains the whole model on documents that are scored, in phases: once `documents` (i + 1) / `count`
// documents are scored, phase i takes the first so many of them, shortest first, joins their tokens (each
// with the first token of the document behind it), and steps by SGD (sgd.h) through chunks of `chunk_tokens`
// of them, all but the last, in rows of `rows` sequences. Attention begins anew at each document, and within
// one after each sequence length. Later phases train on the documents of earlier ones again.
// Source: github.com/openai/parameter-golf, pull requests 1610 and 1855.
#pragma once

#include <caddie/plugin.h>

#include <vector>

#include "sgd.h"

struct Phases {
  int64_t documents = 0, count = 1, chunk_tokens = 32768, rows = 32, epochs = 1;
  Sgd sgd = {0.001, 0.9, 1};

  void settings(caddie::Settings& s) {
    using caddie::at_least;
    s("phase_documents", documents, "documents whose score all phases await; 0: no phase", at_least(0));
    s("phases", count, "phases in which the whole model is trained", at_least(1));
    s("phase_chunk_tokens", chunk_tokens, "positions of a phase with one learning rate", at_least(1));
    s("phase_batch_rows", rows, "sequences of one update of a phase", at_least(1));
    s("phase_epochs", epochs, "how often a phase trains on each chunk", at_least(1));
    s("phase_lr", sgd.lr, "learning rate of SGD at the first chunk of a phase", at_least(0));
    s("phase_momentum", sgd.momentum, "share of SGD's last update that stays", caddie::between(0, 1));
    s("phase_clip", sgd.clip, "largest norm of a phase's gradient; 0: no limit", at_least(0));
  }
  // Returns the number of documents that phase i awaits; 0 where there is none.
  int64_t awaited(int64_t i) const { return documents > 0 && i < count ? documents * (i + 1) / count : 0; }

  // Trains on the documents, given by their positions.
  void train(caddie::LearningScorer& scorer, const std::vector<caddie::Stretch>& scored) const {
    Joined joined(scorer, scored);
    int64_t length = scorer.sequence_length(), chunks = (joined.positions + chunk_tokens - 1) / chunk_tokens;
    std::vector<caddie::Tensor> velocities;
    for (int64_t c = 0; c + 1 < chunks; ++c)
      for (int64_t epoch = 0; epoch < epochs; ++epoch)
        for (int64_t at = c * chunk_tokens, end = at + chunk_tokens / length * length; at < end;) {
          int64_t taken = std::min(rows * length, end - at);
          caddie::Passage row = joined.row(at, taken, length);
          scorer.gradient(std::span(&row, 1));
          sgd.step(scorer.weights(), sgd.rate(c, chunks), velocities,
                   [](const caddie::Weight&) { return true; });
          at += taken;
        }
  }

 private:
  // The tokens of documents, one behind the other.
  struct Joined {
    std::vector<caddie::Stretch> parts;
    std::vector<int64_t> starts;  // the places at which documents, and what follows them, begin
    int64_t positions = 0;

    Joined(const caddie::Scorer& scorer, const std::vector<caddie::Stretch>& documents) {
      int64_t tokens = 0;
      for (const caddie::Stretch& document : documents) {
        starts.push_back(tokens);
        tokens += document.end - document.begin + 1;
        if (document.end < scorer.positions()) starts.push_back(tokens - 1);
        parts.push_back({document.begin, document.end + 1});
      }
      positions = tokens - 1;
    }
    // Returns `count` positions from place `from` on, cut at documents and every `length` positions within
    // them.
    caddie::Passage row(int64_t from, int64_t count, int64_t length) const {
      caddie::Passage row;
      int64_t place = 0, to = from + count + 1;
      for (const caddie::Stretch& part : parts) {
        int64_t end = place + part.end - part.begin;
        if (std::max(from, place) < std::min(to, end))
          row.tokens.push_back(
              {part.begin + std::max(from, place) - place, part.begin + std::min(to, end) - place});
        place = end;
      }
      for (int64_t at = 0, start = 0; at < count; ++at) {
        if (std::ranges::binary_search(starts, from + at)) start = at;
        if ((at - start) % length == 0) row.cuts.push_back(at);
      }
      return row;
    }
  };
};
