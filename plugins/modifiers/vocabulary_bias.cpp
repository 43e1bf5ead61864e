// SPDX-License-Identifier: Apache-2.0
// Adds a learned number for each token to the logits: y = z + b, with b zero at first, so that how common a
// token is need not be told by the hidden state. z, y: [B,T,V], b: [V].
// Source: openai/parameter-golf, pull request 640.
#include <caddie/plugin.h>

using namespace caddie;

struct VocabularyBias final : Modifier {
  Parameter bias;

  void weights(Weights& w) override {
    bias = w.add("vocab_bias", {w.model().vocabulary}, Role::kVector, Init::constant(0));
  }

  Var logits(Forward&, Var z) override { return z + bias; }
};

CADDIE_PLUGIN(VocabularyBias, .summary = "One learned number a token, added to the logits.",
              .source = "openai/parameter-golf, pull request 640", .phase = Phase::kAdd);
