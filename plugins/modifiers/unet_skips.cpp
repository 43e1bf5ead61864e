// SPDX-License-Identifier: Apache-2.0
// Adds the outputs of the first half of the layers to the inputs of the second half, last in first out:
// x' = x + skip_weights[i] skip, with one weight for each channel.
// x: [B,T,C], skip_weights: [n,C] with n = layers / 2.
// Source: arXiv:1505.04597; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct UnetSkips final : Modifier {
  Parameter skip_weights;

  void weights(Weights& w) override {
    skip_weights =
        w.add("skip_weights", {w.model().layers / 2, w.model().width}, Role::kVector, Init::constant(1));
  }

  Var leave(Block& block, Var x) override {
    if (block.layer < block.forward.shape->layers / 2) block.forward.keep(block.layer, x);
    return x;
  }

  Var enter(Block& block, Var x) override {
    int first_half = block.forward.shape->layers / 2;
    int i = block.layer - first_half;
    if (i < 0 || i >= first_half) return x;
    return weighted_sum({}, x, row(skip_weights, i), block.forward.kept(first_half - 1 - i));
  }
};

CADDIE_PLUGIN(UnetSkips, .summary = "Skip connections from the first half of the layers to the second.",
              .source = "arXiv:1505.04597; openai/parameter-golf, train_gpt.py", .phase = Phase::kAdd);
