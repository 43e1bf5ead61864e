// SPDX-License-Identifier: Apache-2.0
// Changes the length of training sequences as training goes on, mostly from short to long: lengths[i] up to
// the share until[i] of the training. Batches keep their number of tokens, so shorter sequences are more.
// Source: arXiv:2108.06084; openai/parameter-golf, pull request 2014 (parse_train_seq_schedule).
#include "in_stream_order.h"
using namespace caddie;

struct SequenceLengthSchedule final : PlannedSize {
  void settings(Settings& s) override {
    declare(s, "lengths", "tokens of a sequence, one number after the other; none: the experiment's");
  }
  void validate(const Shapes& shapes) const override {
    plan.check_order("lengths");
    for (int64_t length : plan.values)
      check(length <= shapes.model.sequence_length,
            "a sequence of {} tokens is longer than data.sequence_length = {}, which the model is made for",
            length, shapes.model.sequence_length);
  }
  BatchSize with(int64_t length, const BatchSize& set) const override { return {set.tokens, length}; }
};

CADDIE_PLUGIN(SequenceLengthSchedule, .summary = "Sequences of other lengths as training goes on.",
              .source = "arXiv:2108.06084; openai/parameter-golf, pull request 2014");
