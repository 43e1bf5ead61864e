// SPDX-License-Identifier: Apache-2.0
// Evaluators that score windows of a text share the settings of what a window is.
#pragma once

#include <caddie/plugin.h>

struct Windowed : caddie::Evaluator {
  int64_t sequence_length = 0;
  bool isolate_documents = false;

  void settings(caddie::Settings& s) override {
    s("sequence_length", sequence_length, "length of a window; 0: that of training", caddie::at_least(0));
    s("isolate_documents", isolate_documents, "let no context reach back across the start of a document");
  }
  int64_t window(int64_t of_training) const { return sequence_length > 0 ? sequence_length : of_training; }
};
