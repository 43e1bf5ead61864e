// SPDX-License-Identifier: Apache-2.0
// What gated MLPs share: a gate projection beside the one that goes up. All three matrices have the hidden
// width of the model, so with 2/3 of the model.mlp_mult of a plain MLP a gated one has as many parameters.
#pragma once

#include <caddie/plugin.h>

namespace caddie {

/// Is an MLP that computes down(gated(x Wgate^T) * up(x)), elementwise. x, result: [B,T,C].
struct GatedMlp : Mlp {
  std::vector<Parameter> gate;  // [F,C], one for each layer that has matrices

  void weights(Weights& w) override {
    const ModelShape& m = w.model();
    for (int layer = 0; layer < m.matrices; ++layer)
      gate.push_back(w.add("blocks." + std::to_string(layer) + ".mlp.gate.weight", {m.hidden, m.width},
                           Role::kMatrix, Init::by_initializer(), Place::kMlpIn, layer));
  }

  Var mlp(MlpPass& pass, Var x) override {
    Var g = gated(pass, linear(x, gate[size_t(pass.execution.matrices)]));
    return pass.down(g * pass.up(x));
  }

  /// Returns the activation of the gate, in the shape of x: [B,T,F].
  virtual Var gated(MlpPass& pass, Var x) = 0;
};

}  // namespace caddie
