// SPDX-License-Identifier: Apache-2.0
// Computes the logits by a matrix of their own: z = x w^T. x: [B,T,C], w: [V,C], z: [B,T,V].
// Source: openai/parameter-golf, train_gpt.py with TIE_EMBEDDINGS=0.
#include <caddie/plugin.h>

using namespace caddie;

struct Untied final : Head {
  Parameter weight;

  void weights(Weights& w) override {
    weight = w.add("lm_head.weight", {w.model().vocabulary, w.model().width}, Role::kMatrix,
                   Init::by_initializer(), Place::kHead);
  }

  Var logits(Forward&, Var x) override { return linear(x, weight); }
};

CADDIE_PLUGIN(Untied, .summary = "Logits by a matrix of their own.",
              .source = "openai/parameter-golf, train_gpt.py");
