// SPDX-License-Identifier: Apache-2.0
// Adds what attention and MLP give to the stream times a factor: x <- x + f attention(x);  x <- x + f mlp(x).
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Residual {
  double factor = 0.7;

  void settings(Settings& s) override {
    s("factor", factor, "what multiplies the output of a sublayer", between(0, 10));
  }
  std::vector<Var> layer(LayerPass& pass, std::vector<Var> streams) override {
    Var x = pass.mix(pass.enter(streams[0], 0));
    Var attended = pass.attention(x);
    x = pass.needed(x) + attended * float(factor);
    x = x + pass.mlp(x) * float(factor);
    return {pass.leave(x, 0)};
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Sublayers' outputs times a factor.", .source = "fill in");
