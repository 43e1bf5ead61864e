// SPDX-License-Identifier: Apache-2.0
// Runs all layers once, and then the last of them some more times.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : LayerOrder {
  int again = 1;

  void settings(Settings& s) override {
    s("again", again, "further turns of the last layer", between(1, 16));
  }
  std::vector<Execution> longest(int layers) const override {
    std::vector<Execution> order;
    for (int layer = 0; layer < layers; ++layer) order.push_back({layer, layer});
    for (int i = 0; i < again; ++i) order.push_back({layers - 1, layers - 1});
    return order;
  }
  std::vector<Execution> order(int layers, const Progress&) const override { return longest(layers); }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Repeats the last layer.", .source = "fill in");
