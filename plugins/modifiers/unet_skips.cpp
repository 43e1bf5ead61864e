// SPDX-License-Identifier: Apache-2.0
// Adds the outputs of the first half of the layers to the inputs of the second half, last in first out:
// x' = x + skip_weights[i] skip, with one weight for each channel.
// x: [B,T,C], skip_weights: [n,C] with n = executions / 2, where a layer that runs twice counts twice.
// Source: arXiv:1505.04597; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct UnetSkips final : Modifier {
  Parameter skip_weights;

  void weights(Weights& w) override {
    skip_weights =
        w.add("skip_weights", {w.model().executions / 2, w.model().width}, Role::kVector, Init::constant(1));
  }

  // Streams are kept apart by their lane.
  static int key(const Block& block, int execution) { return 2 * execution + block.lane; }

  Var leave(Block& block, Var x) override {
    if (block.execution < block.forward.executions / 2) block.forward.keep(key(block, block.execution), x);
    return x;
  }

  Var enter(Block& block, Var x) override {
    int first_half = block.forward.executions / 2;
    int i = block.execution - first_half;
    if (i < 0 || i >= first_half) return x;
    Var skip = block.forward.kept(key(block, first_half - 1 - i));
    // A skip from before the streams parted belongs to all of them.
    if (!skip.defined()) skip = block.forward.kept(2 * (first_half - 1 - i));
    return weighted_sum({}, x, row(skip_weights, i), skip);
  }
};

CADDIE_PLUGIN(UnetSkips, .summary = "Skip connections from the first half of the layers to the second.",
              .source = "arXiv:1505.04597; openai/parameter-golf, train_gpt.py", .phase = Phase::kAdd);
