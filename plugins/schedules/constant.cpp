// SPDX-License-Identifier: Apache-2.0
// The learning rate as it stands in the experiment, in every step: scale = 1.
#include <caddie/plugin.h>
using namespace caddie;

struct Constant final : Schedule {
  double scale(const Progress&) const override { return 1; }
};

CADDIE_PLUGIN(Constant, .summary = "The same learning rate in every step.", .source = "");
