// SPDX-License-Identifier: Apache-2.0
// Adds the outputs of the first half of the layers to the inputs of the second half, last in first out:
//     x' = x + w skip,  with one weight w for each channel,
// or, with gates, takes a share of each:  x' = g x + (1-g) (w skip),  g = sigmoid(skip_gates[i]).
// x: [B,T,C]; skip_weights, whose rows are the w, and skip_gates: [n,C] with n = executions / 2, where a
// layer that runs twice counts twice. Source: arXiv:1505.04597; openai/parameter-golf, train_gpt.py and, for
// the gates, pull request 1204.
#include <caddie/plugin.h>

using namespace caddie;

struct UnetSkips final : Modifier {
  bool gates = false;
  Parameter skip_weights, skip_gates;

  void settings(Settings& s) override {
    s("gates", gates, "learns which share of each channel stays and which comes from the skip");
  }

  void weights(Weights& w) override {
    Shape shape = {w.model().executions / 2, w.model().width};
    skip_weights = w.add("skip_weights", shape, Role::kVector, Init::constant(1));
    if (gates) skip_gates = w.add("skip_gates", shape, Role::kVector, Init::constant(0));
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
    Var weight = row(skip_weights, i), skip = block.forward.kept(key(block, first_half - 1 - i));
    // A skip from before the streams parted belongs to all of them.
    if (!skip.defined()) skip = block.forward.kept(2 * (first_half - 1 - i));
    if (!gates) return weighted_sum({}, x, weight, skip);
    Var gate = row(skip_gates, i);
    return weighted_sum(sigmoid(gate), x, weight * sigmoid(gate * -1.0f), skip);
  }
};

CADDIE_PLUGIN(UnetSkips, .summary = "Skip connections from the first half of the layers to the second.",
              .source = "arXiv:1505.04597; openai/parameter-golf, train_gpt.py and pull request 1204",
              .phase = Phase::kAdd);
