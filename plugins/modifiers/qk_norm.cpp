// SPDX-License-Identifier: Apache-2.0
// Scales queries and keys to unit root mean square over the head size. q: [B,T,H,D], k: [B,T,K,D].
// Source: arXiv:2010.04245; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

using namespace caddie;

struct QkNorm final : Modifier {
  float eps = 0x1p-23f;

  void settings(Settings& s) override { s("eps", eps, "added to the mean square", at_least(0)); }

  QueryKey query_key(Block&, QueryKey qk) override { return {rms_norm(qk.q, eps), rms_norm(qk.k, eps)}; }
};

CADDIE_PLUGIN(QkNorm, .summary = "Normalises queries and keys over the head size.",
              .source = "arXiv:2010.04245; openai/parameter-golf, train_gpt.py", .phase = Phase::kNormalize);
