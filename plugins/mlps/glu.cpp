// SPDX-License-Identifier: Apache-2.0
// Gates the hidden values of the MLP by a second projection under the experiment's own activation:
// y = (activation(x Wgate^T) * x Wfc^T) Wproj^T.
// Source: arXiv:2002.05202.
#include "gated_mlp.h"

using namespace caddie;

struct Glu final : GatedMlp {
  Var gated(MlpPass& pass, Var x) override { return pass.activate(x); }
};

CADDIE_PLUGIN(Glu, .summary = "MLP gated by a second projection under the experiment's activation.",
              .source = "arXiv:2002.05202");
