// SPDX-License-Identifier: Apache-2.0
// Lets attention and MLP of the later layers read the same stream, side by side:
// x' = x + attention(x) + mlp(x). x: [B,T,C].
// Source: GPT-J (github.com/kingoflolz/mesh-transformer-jax); openai/parameter-golf, pull request 1493.
#include "first_layer.h"

using namespace caddie;

struct ParallelResiduals final : Residual {
  FirstLayer first;
  int begin = 0;  // what `first` comes to

  void settings(Settings& s) override {
    first.settings(s, "first layer whose attention and MLP read side by side; -1 takes the second half");
  }

  void validate(const Shapes& shapes) const override { first.check_in(shapes.model); }
  void weights(Weights& w) override { begin = first.of(w.model()); }

  std::vector<Var> layer(LayerPass& pass, std::vector<Var> streams) override {
    Var x = pass.mix(pass.enter(streams[0], 0));
    Var attended = pass.attention(x);
    x = pass.needed(x);
    if (pass.execution.matrices < begin) {
      x = x + attended;
      x = x + pass.mlp(x);
    } else {
      x = x + attended + pass.mlp(x);
    }
    return {pass.leave(x, 0)};
  }
};

CADDIE_PLUGIN(ParallelResiduals, .summary = "Runs attention and MLP of a layer side by side.",
              .source = "GPT-J; openai/parameter-golf, pull request 1493");
