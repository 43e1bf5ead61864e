// SPDX-License-Identifier: Apache-2.0
// Changes the length of training sequences as training goes on, mostly from short to long: lengths[i] up to
// the share until[i] of the training. Batches keep their number of tokens, so shorter sequences are more.
// Source: arXiv:2108.06084; openai/parameter-golf, pull request 2014 (parse_train_seq_schedule).
#include <algorithm>

#include "in_stream_order.h"
using namespace caddie;

struct SequenceLengthSchedule final : InStreamOrder {
  Plan lengths;

  void settings(Settings& s) override {
    s("lengths", lengths.values, "tokens of a sequence, one number after the other; none: the experiment's",
      at_least(1));
    s("until", lengths.until, "share of the training up to which each holds, rising; the last one goes on",
      between(0, 1));
  }
  void validate(const Shapes& shapes) const override {
    lengths.check_order("lengths");
    for (int64_t length : lengths.values)
      check(length <= shapes.model.sequence_length,
            "a sequence of {} tokens is longer than data.sequence_length = {}, which the model is made for",
            length, shapes.model.sequence_length);
  }

  std::vector<BatchSize> sizes(const BatchSize& set) const override {
    std::vector<BatchSize> all;
    for (int64_t length : lengths.values) all.push_back({set.tokens, length});
    return all.empty() ? std::vector<BatchSize>{set} : all;
  }
  BatchSize size(const BatchSize& set, const Progress& progress) const override {
    return lengths.empty() ? set : BatchSize{set.tokens, lengths.at(progress)};
  }
};

CADDIE_PLUGIN(SequenceLengthSchedule, .summary = "Sequences of other lengths as training goes on.",
              .source = "arXiv:2108.06084; openai/parameter-golf, pull request 2014");
