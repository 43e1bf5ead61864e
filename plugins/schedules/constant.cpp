// SPDX-License-Identifier: Apache-2.0
// Leaves the learning rate as it stands in the experiment, in every step: scale = 1.
// Source: github.com/openai/parameter-golf, train_gpt.py, before its descent.
#include <caddie/plugin.h>
using namespace caddie;

struct Constant final : Schedule {
  double scale(const Progress&) const override { return 1; }
};

CADDIE_PLUGIN(Constant, .summary = "The same learning rate in every step.",
              .source = "github.com/openai/parameter-golf, train_gpt.py, before its descent",
              .neutral = true);
